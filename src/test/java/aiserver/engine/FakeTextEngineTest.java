package aiserver.engine;

class FakeTextEngineTest extends TextEngineContract {
    @Override
    TextEngine engine() {
        return new FakeTextEngine(CONTEXT, request -> null);
    }
}
