package aiserver.redis;

class InMemoryRedisTest extends RedisClientContract {
    private final RedisClient redis = new InMemoryRedis();

    @Override
    RedisClient redis() {
        return redis;
    }
}
