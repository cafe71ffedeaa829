import pytest
import redis

pytestmark = pytest.mark.redis


def test_server_starts_empty_for_every_test_and_can_be_flushed(redis_server):
    assert redis_server.client.dbsize() == 0
    redis_server.client.set("bell", "rung")
    redis_server.flush()

    assert redis_server.client.dbsize() == 0


def test_server_can_be_lost_and_comes_back_empty(redis_server):
    redis_server.client.set("bell", "rung")
    redis_server.stop()
    with pytest.raises(redis.ConnectionError):
        redis_server.client.ping()
    redis_server.start()

    assert redis_server.client.dbsize() == 0
