package aiserver.engine;

class FakeImageEngineTest extends ImageEngineContract {
    private final FakeImageEngine engine = new FakeImageEngine(128);

    @Override
    ImageEngine engine() {
        return engine;
    }
}
