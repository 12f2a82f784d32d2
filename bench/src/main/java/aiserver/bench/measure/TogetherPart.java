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
import java.util.stream.IntStream;

/**
 * How long speech waits while a picture is being made: the 95th percentile of spoken orders one after the other, with a
 * picture under way, to without. Blocks of orders of either kind in turn, since a machine changes its pace. Customers pause
 * between sentences, so that the picture gets on as well.
 */
final class TogetherPart implements Part {
    private static final Duration MOST = Duration.ofMinutes(20);
    private static final double PERCENTILE = 0.95;
    private static final long PAUSE_MILLIS = 300;
    private static final int BLOCK = 5;

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
        int blocks = setting.rounds(2, 12);
        try (QueueClient client = new QueueClient();
                Contender worker = Workers.ours("together", client, setting, "--image-width=256", "--image-height=256", "--image-steps=60")) {
            client.ask("stt", speech.get(), MOST);
            client.ask("image", picture, MOST);
            Contention contention = Contention.begin();
            List<List<Double>> alone = new ArrayList<>();
            List<List<Double>> beside = new ArrayList<>();
            for (int block = 0; block < blocks; block++) {
                if (block % 2 == 0) {
                    alone.add(heard(client, speech));
                    beside.add(besidePictures(client, speech, picture));
                } else {
                    beside.add(besidePictures(client, speech, picture));
                    alone.add(heard(client, speech));
                }
            }
            Contention.Share share = contention.end();
            if (share.tooMuch(setting.foreign()) && !setting.trial()) {
                throw new Rounds.Contended(share.toString());
            }
            List<Double> quiet = alone.stream().flatMap(List::stream).toList();
            List<Double> busy = beside.stream().flatMap(List::stream).toList();
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("unit", "s");
            details.put("contenders", Map.of("alone", quiet, "worker, picture under way", busy));
            details.put("rounds", blocks);
            details.put("rounds_thrown_away", 0);
            details.put(Row.PACE, share.pace());
            details.put("spoken orders of either kind", quiet.size());
            details.put("median", Spread.of(busy).median() / Spread.of(quiet).median());
            results.add(new Row("together", "STT p95 while an image is being made, to without", ratio(alone, beside), "ratio",
                    "the project's own models, picture of 256 pixels and 60 steps; blocks of " + BLOCK
                    + " orders in turn, the range is that without each pair of blocks", details, share.tooMuch(setting.foreign())));
        }
    }

    /** Of the 95th percentiles of all blocks; a percentile of one block would be its worst, so the range leaves one pair out each. */
    static Spread ratio(List<List<Double>> alone, List<List<Double>> beside) {
        List<Double> without = new ArrayList<>();
        for (int left = 0; left < alone.size(); left++) {
            without.add(percentile(beside, left) / percentile(alone, left));
        }
        Spread range = Spread.of(without);
        double all = percentile(beside, -1) / percentile(alone, -1);
        return new Spread(all, Math.min(all, range.low()), Math.max(all, range.high()));
    }

    private static double percentile(List<List<Double>> blocks, int left) {
        return Spread.percentile(IntStream.range(0, blocks.size()).filter(i -> i != left).mapToObj(blocks::get)
                .flatMap(List::stream).toList(), PERCENTILE);
    }

    // The picture is ended with the block, since it takes longer; one that is done sooner is followed by another.
    private static List<Double> besidePictures(QueueClient client, Supplier<Map<String, Object>> speech, Map<String, Object> picture) {
        List<Double> seconds = new ArrayList<>();
        CompletableFuture<QueueClient.Answer> drawing = client.send("image", picture);
        for (int i = 0; i < BLOCK; i++) {
            if (drawing.isDone()) {
                QueueClient.await(drawing, MOST);
                drawing = client.send("image", picture);
            }
            seconds.add(one(client, speech));
        }
        client.cancelled(drawing, MOST);
        return seconds;
    }

    private static List<Double> heard(QueueClient client, Supplier<Map<String, Object>> speech) {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < BLOCK; i++) {
            seconds.add(one(client, speech));
        }
        return seconds;
    }

    private static double one(QueueClient client, Supplier<Map<String, Object>> speech) {
        MeasureCommand.sleep(PAUSE_MILLIS);
        return client.ask("stt", speech.get(), MOST).seconds();
    }
}
