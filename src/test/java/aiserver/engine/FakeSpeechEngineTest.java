package aiserver.engine;

class FakeSpeechEngineTest extends SpeechEngineContract {
    @Override
    SpeechEngine make() {
        return FakeSpeechEngine.hearing(" 초콜릿 케이크 하나 주세요");
    }
}
