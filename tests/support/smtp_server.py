"""A mail server of our own on a free port that takes, refuses or goes silent at the step a test names."""

import socketserver
import threading


class MailServer:
    """`replies` maps an SMTP verb ("." ends the message) to its answer; None hangs up, "silence" never answers."""

    def __init__(self):
        self.replies, self.mails, self._free = {}, [], threading.Event()
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                server._talk(self)

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._free.set()
        self._listener.shutdown()
        self._listener.server_close()

    def _talk(self, client):
        def say(verb, usual):
            reply = self.replies.get(verb, usual)
            if reply == "silence":
                self._free.wait()
            if reply is None or reply == "silence":
                raise ConnectionError
            client.wfile.write(reply.encode() + b"\r\n")

        try:
            say("hello", "220 here")
            while line := client.rfile.readline():
                verb = line.split()[0].decode().upper()
                if verb == "DATA":
                    say("DATA", "354 go on")
                    mail = b""
                    while (part := client.rfile.readline()) != b".\r\n":
                        mail += part
                    self.mails.append(mail.decode())
                    say(".", "250 taken")
                else:
                    say(verb, "221 bye" if verb == "QUIT" else "250 fine")
                if verb == "QUIT":
                    return
        except (ConnectionError, ValueError):
            return
