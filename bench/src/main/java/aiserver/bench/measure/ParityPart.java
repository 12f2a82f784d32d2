package aiserver.bench.measure;

import aiserver.bench.client.Orders;
import aiserver.bench.client.QueueClient;
import aiserver.bench.weights.Exports;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * Whether the DJL variant gives the worker's answers on the project's own models, job by job over Redis: what was heard,
 * the whole analysis of each order, the picture. Before any timing, since a contender that answers otherwise does
 * other work. In every type that is timed or whose memory is measured; below a bound the part fails.
 */
final class ParityPart implements Part {
    private static final Duration MOST = Duration.ofMinutes(10);
    private static final int SIDE = 128;
    private static final int CONTEXT = 4096;
    /**
     * The share of answers that must be equal, of ten. Rounding to eight bits turns a letter here and there, which makes
     * another text of about the same length.
     */
    private static final Map<String, Double> LEAST = new TreeMap<>(Map.of("fp32", 0.9, "bf16", 0.5, "int8", 0.5));

    @Override
    public String name() {
        return "parity";
    }

    @Override
    public boolean timed() {
        return false;
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path demo = setting.work().demo();
        Exports exports = new Exports(setting.work());
        List<Answers> all = new ArrayList<>();
        try (QueueClient client = new QueueClient();
                Contender worker = Workers.ours("parity-worker", client, setting)) {
            all.add(Answers.of(worker.name(), client, setting));
        }
        List<String> below = new ArrayList<>();
        for (Map.Entry<String, Double> bound : LEAST.entrySet()) {
            String type = bound.getKey();
            Path speech = exports.speech(demo.resolve("whisper-demo.bin"), type);
            Path language = exports.language(demo.resolve("qwen3-demo.gguf"), type, CONTEXT);
            Path picture = exports.picture(demo.resolve("sd3-demo.safetensors"), demo.resolve("sd3-demo-taesd.safetensors"), type, SIDE);
            try (QueueClient client = new QueueClient();
                    Contender worker = Workers.djl("parity-djl-" + type, client, setting, "--speech=" + speech, "--language=" + language,
                            "--picture=" + picture, "--stt-words=false", "--llm-prompt=compact", "--llm-temperature=0", "--image-width=" + SIDE,
                            "--image-height=" + SIDE, "--image-steps=16", "--image-guidance=2.25", "--image-translate=false")) {
                all.add(Answers.of(worker.name(), client, setting));
            }
            double alike = add(results, type, all.getFirst(), all.getLast());
            if (alike < bound.getValue()) {
                below.add("in %s %.2f of the answers equal the worker's, of at least %.2f".formatted(type, alike, bound.getValue()));
            }
        }
        if (!below.isEmpty()) {
            throw new IllegalStateException("the DJL variant does other work: " + String.join("; ", below));
        }
    }

    private static double add(Results results, String type, Answers ours, Answers theirs) {
        int same = 0;
        Map<String, Object> details = new LinkedHashMap<>();
        for (int i = 0; i < ours.orders().size(); i++) {
            if (ours.orders().get(i).equals(theirs.orders().get(i))) {
                same++;
            } else {
                details.put(Orders.SPOKEN.get(i), "worker: " + ours.orders().get(i) + " | DJL: " + theirs.orders().get(i));
            }
        }
        double psnr = Math.min(99, Ssim.psnr(ours.rgb(), theirs.rgb()));
        details.put("heard by the worker", ours.heard());
        details.put("heard by the DJL variant", theirs.heard());
        details.put("orders understood to the letter alike", same + " of " + ours.orders().size());
        details.put("picture, PSNR in dB", psnr);
        double alike = (double) (same + (Objects.equals(ours.heard(), theirs.heard()) ? 1 : 0) + (psnr >= 30 ? 1 : 0)) / (ours.orders().size() + 2);
        results.add(new Row("parity-" + type, "the DJL variant's answers (" + type + ") that equal the worker's", MemoryPart.one(alike), "of 1",
                "the project's own models; a picture counts from 30 dB; at least " + LEAST.get(type), details, false));
        return alike;
    }

    /** A worker's answers to the same jobs; orders as the text of their results. */
    private record Answers(String heard, List<String> orders, byte[] rgb) {
        static Answers of(String name, QueueClient client, Setting setting) throws IOException {
            byte[] recording = Files.readAllBytes(setting.work().home().resolve("src/main/resources/aiserver/demo/order-ko.wav"));
            String heard = (String) client.ask("stt", Map.of("audio_bytes", Base64.getEncoder().encodeToString(recording),
                    "filename", "order-ko.wav"), MOST).result().get("text");
            List<String> orders = new ArrayList<>();
            for (String spoken : Orders.SPOKEN) {
                Map<String, Object> result = new LinkedHashMap<>(client.ask("llm", Orders.payload(spoken), MOST).result());
                // A number with all its digits differs by rounding.
                result.computeIfPresent("confidence", (key, value) -> Math.round(((Number) value).doubleValue() * 100) / 100.0);
                orders.add(result.toString());
            }
            Map<String, Object> picture = client.ask("image", Map.of("prompt", "딸기를 올린 초콜릿 케이크", "seed", 7), MOST).result();
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode((String) picture.get("image_base64"))));
            if (image == null) {
                throw new IOException(name + " sent no picture");
            }
            byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
            int at = 0;
            for (int pixel : image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth())) {
                rgb[at++] = (byte) (pixel >> 16);
                rgb[at++] = (byte) (pixel >> 8);
                rgb[at++] = (byte) pixel;
            }
            return new Answers(heard, orders, rgb);
        }
    }
}
