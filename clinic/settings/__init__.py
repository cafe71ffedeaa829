"""Settings by place: `demo` (./dev up), `test` (./dev test), `production`; all of them build on `base`."""
