package aiserver.bench.measure;

import aiserver.bench.client.QueueClient;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * How long speech waits while a picture is being made: the 95th percentile of spoken orders one after the other, with a
 * picture under way all the time, to without. Customers pause between sentences, so that the picture gets on as well.
 */
final class TogetherPart implements Part {
    private static final Duration MOST = Duration.ofMinutes(20);
    private static final double PERCENTILE = 0.95;
    private static final long PAUSE_MILLIS = 300;

    @Override
    public String name() {
        return "together";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        byte[] recording = Files.readAllBytes(setting.work().home().resolve("src/main/resources/aiserver/demo/order-ko.wav"));
        AtomicInteger next = new AtomicInteger();
        // one sample is another each time: the worker's engine does not encode again what it heard last
        Supplier<Map<String, Object>> speech = () -> {
            recording[recording.length / 4 * 2] = (byte) next.getAndIncrement();
            return Map.of("audio_bytes", Base64.getEncoder().encodeToString(recording), "filename", "order-ko.wav");
        };
        Map<String, Object> picture = Map.of("prompt", "딸기를 올린 초콜릿 케이크", "seed", 7);
        int count = setting.rounds(20, 60);
        try (QueueClient client = new QueueClient();
                Contender worker = Workers.ours("together", client, setting, "--image-width=256", "--image-height=256", "--image-steps=60")) {
            client.ask("stt", speech.get(), MOST);
            client.ask("image", picture, MOST);
            Contention contention = Contention.begin();
            List<Double> alone = heard(client, speech, count);
            List<Double> beside = new ArrayList<>();
            int pictures = 0;
            CompletableFuture<QueueClient.Answer> drawing = client.send("image", picture);
            for (int i = 0; i < count; i++) {
                if (drawing.isDone()) {
                    QueueClient.await(drawing, MOST);
                    pictures++;
                    drawing = client.send("image", picture);
                }
                MeasureCommand.sleep(PAUSE_MILLIS);
                beside.add(client.ask("stt", speech.get(), MOST).seconds());
            }
            QueueClient.await(drawing, MOST);
            Contention.Share share = contention.end();
            if (share.tooMuch(setting.foreign()) && !setting.trial()) {
                throw new Rounds.Contended(share.toString());
            }
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("unit", "s");
            details.put("contenders", Map.of("alone", alone, "worker, picture under way", beside));
            details.put("rounds", count);
            details.put("rounds_thrown_away", 0);
            details.put("pictures finished meanwhile", pictures);
            details.put("median", Spread.of(beside).median() / Spread.of(alone).median());
            double ratio = Spread.percentile(beside, PERCENTILE) / Spread.percentile(alone, PERCENTILE);
            results.add(new Row("together", "STT p95 while an image is being made, to without", MemoryPart.one(ratio), "ratio",
                    "the project's own models, picture of 256 pixels and 60 steps", details,
                    share.tooMuch(setting.foreign())));
        }
    }

    private static List<Double> heard(QueueClient client, Supplier<Map<String, Object>> speech, int count) {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            MeasureCommand.sleep(PAUSE_MILLIS);
            seconds.add(client.ask("stt", speech.get(), MOST).seconds());
        }
        return seconds;
    }
}
