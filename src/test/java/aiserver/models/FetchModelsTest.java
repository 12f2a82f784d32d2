package aiserver.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** scripts/fetch-models.sh against a server of the test's own on loopback: every way in which a fetch can go wrong. */
class FetchModelsTest {
    private static final Path ROOT = Path.of(System.getProperty("aiserver.basedir", "")).toAbsolutePath();
    private static final String REVISION = "0123456789abcdef0123456789abcdef01234567";
    private static final String VAD = "ggml-silero-v5.1.2.bin";

    @TempDir
    private Path folder;
    private HttpServer server;
    private final byte[] weights = new byte[300_000];
    private final List<String> asked = new ArrayList<>();
    // What the server does; the default is what the real source does.
    private int status = 200;
    private boolean metadata = true;
    private String claimedSum;
    private long claimedSize;
    private int cutAfter = Integer.MAX_VALUE;
    private int cuts;
    private boolean ranges = true;
    private boolean lengthTold;
    private String token;

    private record Outcome(int code, String output) {
    }

    @BeforeEach
    void start() throws IOException, NoSuchAlgorithmException {
        new Random(7).nextBytes(weights);
        claimedSum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(weights));
        claimedSize = weights.length;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + (range == null ? "" : " " + range));
        boolean allowed = token == null || ("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"));
        if (status != 200 || !allowed) {
            exchange.sendResponseHeaders(allowed ? status : 401, -1);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            if (metadata) {
                exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(claimedSize));
                exchange.getResponseHeaders().set("X-Linked-Etag", '"' + claimedSum + '"');
                exchange.getResponseHeaders().set("X-Repo-Commit", REVISION);
            }
            exchange.sendResponseHeaders(200, -1);
        } else {
            send(exchange, range);
        }
        exchange.close();
    }

    private void send(HttpExchange exchange, String range) throws IOException {
        int from = range != null && ranges ? Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1")) : 0;
        if (from >= weights.length) {
            if (lengthTold) {
                exchange.getResponseHeaders().set("Content-Range", "bytes */" + weights.length);
            }
            exchange.sendResponseHeaders(416, -1);
            return;
        }
        boolean cut = cuts > 0;
        cuts--;
        if (from > 0) {
            exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (weights.length - 1) + "/" + weights.length);
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, weights.length - from);
        try {
            OutputStream out = exchange.getResponseBody();
            out.write(weights, from, cut ? Math.min(cutAfter, weights.length - from) : weights.length - from);
            out.flush();
            // Closing the exchange with bytes missing closes the connection: that is the cut.
        } catch (IOException e) {
            // the client has gone: just what the test wants
        }
    }

    private Outcome fetch(Map<String, String> environment, String before, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("bash", "-c", before + " exec \"$@\"", "fetch",
                ROOT.resolve("scripts/fetch-models.sh").toString(), "--quiet"));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.toLowerCase().endsWith("_proxy") || name.equals("HF_TOKEN"));
        builder.environment().putAll(Map.of("MODELS_DIR", folder.toString(), "MODELS_RETRY_SECONDS", "0",
                "MODELS_SOURCE", "http://127.0.0.1:" + server.getAddress().getPort()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.onExit().orTimeout(60, TimeUnit.SECONDS).exceptionally(late -> {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            return process.destroyForcibly();
        });
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    private Outcome fetch(String... arguments) throws IOException, InterruptedException {
        return fetch(Map.of(), "", arguments);
    }

    private Path weightsFile() {
        return folder.resolve(VAD);
    }

    private Path partFile() {
        return folder.resolve(VAD + ".part");
    }

    @Test
    void aFileIsFetchedCheckedAndPinned() throws Exception {
        Outcome outcome = fetch("silero-vad");

        assertThat(outcome.code()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains(VAD + ", 0.3 MB, MIT", "checking", "done");
        assertThat(weightsFile()).hasBinaryContent(weights);
        assertThat(partFile()).doesNotExist();
        assertThat(folder.resolve("models.lock")).hasContent(claimedSum + " 300000 " + REVISION + " " + VAD);
        assertThat(asked).containsExactly("HEAD /ggml-org/whisper-vad/resolve/main/" + VAD,
                "GET /ggml-org/whisper-vad/resolve/" + REVISION + "/" + VAD);
    }

    @Test
    void aSecondFetchAsksNobody() throws Exception {
        fetch("silero-vad");
        asked.clear();
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.output()).contains(VAD + " is here");
        assertThat(asked).isEmpty();
    }

    @Test
    void halfAFileGoesOn() throws Exception {
        Files.write(partFile(), Arrays.copyOf(weights, 123_456));
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("goes on at 0.1 MB");
        assertThat(asked.get(1)).endsWith("bytes=123456-");
        assertThat(weightsFile()).hasBinaryContent(weights);
    }

    @Test
    void aCutTransferIsContinued() throws Exception {
        cuts = 7;
        cutAfter = 40_000;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("was cut at");
        assertThat(weightsFile()).hasBinaryContent(weights);
    }

    @Test
    void aTransferThatBringsNothingEndsAndKeepsWhatCame() throws Exception {
        Files.write(partFile(), Arrays.copyOf(weights, 1000));
        cuts = 100;
        cutAfter = 0;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("was cut 5 times without getting further; what came so far is kept: run this again later");
        assertThat(weightsFile()).doesNotExist();
        assertThat(partFile()).hasSize(1000);
    }

    @Test
    void aSourceThatCannotContinueBeginsAnew() throws Exception {
        Files.write(partFile(), Arrays.copyOf(weights, 1000));
        ranges = false;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("cannot continue a transfer");
        assertThat(weightsFile()).hasBinaryContent(weights);
    }

    @Test
    void aSourceThatCannotContinueIsNotAskedForEver() throws Exception {
        ranges = false;
        cuts = 100;
        cutAfter = 40_000;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("was cut 5 times without getting further");
        assertThat(partFile()).hasSize(40_000);
    }

    @Test
    void aSourceThatIsTooShortIsToldAtOnceAndEveryTime() throws Exception {
        claimedSize = 400_000;
        for (boolean told : new boolean[] {false, false, true}) {
            lengthTold = told;
            asked.clear();
            Outcome outcome = fetch("silero-vad");
            assertThat(outcome.code()).isEqualTo(1);
            assertThat(outcome.output()).contains("the source has at most 300000 bytes of it instead of 400000; what came is kept");
            assertThat(asked).filteredOn(request -> request.startsWith("GET")).hasSize(1);
            assertThat(partFile()).hasSize(300_000);
        }
    }

    @Test
    void aWrongSumIsThrownAway() throws Exception {
        claimedSum = "0".repeat(64);
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("instead of " + "0".repeat(64), "it was thrown away");
        assertThat(weightsFile()).doesNotExist();
        assertThat(partFile()).doesNotExist();
    }

    @Test
    void aWrongSizeIsThrownAway() throws Exception {
        claimedSize = 200_000;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("came with 300000 bytes instead of 200000");
        assertThat(weightsFile()).doesNotExist();
        assertThat(partFile()).doesNotExist();
    }

    @Test
    void whatIsPinnedHoldsAgainstAnotherVersionOfTheSource() throws Exception {
        fetch("silero-vad");
        Files.delete(weightsFile());
        weights[5]++;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("instead of " + claimedSum);
    }

    @Test
    void whatIsHereIsPinnedOnlyWhereItFits() throws Exception {
        fetch("silero-vad");
        Files.delete(folder.resolve("models.lock"));
        String sum = claimedSum;
        claimedSum = "0".repeat(64);
        for (int run = 0; run < 2; run++) {
            Outcome newer = fetch("silero-vad");
            assertThat(newer.code()).isEqualTo(1);
            assertThat(newer.output()).contains("is not what the source has now (revision " + REVISION + "); delete it to fetch that");
            assertThat(folder.resolve("models.lock")).doesNotExist();
        }
        claimedSum = sum;
        assertThat(fetch("silero-vad").output()).contains(VAD + " is here");
        assertThat(fetch("--verify").output()).contains(VAD + " is right");
    }

    @Test
    void aLicenceThatMustBeAcceptedIsTold() throws Exception {
        token = "hf_secret";
        Outcome without = fetch("sd3.5-vae");
        assertThat(without.code()).isEqualTo(1);
        assertThat(without.output()).contains("HTTP 401; HF_TOKEN is not set", "Accept the licence (Stability AI Community License) at http://127.0.0.1",
                "/stabilityai/stable-diffusion-3.5-medium, make a read token there, put it into HF_TOKEN");

        Outcome wrong = fetch(Map.of("HF_TOKEN", "hf_other"), "", "sd3.5-vae");
        assertThat(wrong.output()).contains("HTTP 401; the token in HF_TOKEN was sent").doesNotContain("hf_other");

        Outcome right = fetch(Map.of("HF_TOKEN", "hf_secret"), "", "sd3.5-vae");
        assertThat(right.code()).as(right.output()).isZero();
        assertThat(right.output()).doesNotContain("hf_secret");
        assertThat(folder.resolve("sd3.5_vae.safetensors")).hasBinaryContent(weights);
    }

    @Test
    void everyOtherAnswerHasItsSentence() throws Exception {
        status = 404;
        assertThat(fetch("silero-vad").output()).contains(VAD + ": not found at http://127.0.0.1", "(HTTP 404)");
        status = 429;
        assertThat(fetch("silero-vad").output()).contains("asks to wait (HTTP 429)");
        status = 503;
        assertThat(fetch("silero-vad").output()).contains("answers HTTP 503");
        status = 200;
        metadata = false;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("gives no SHA-256, size and revision");
        server.stop(0);
        assertThat(fetch("silero-vad").output()).contains("cannot be reached");
        assertThat(weightsFile()).doesNotExist();
        assertThat(folder.resolve("models.lock")).doesNotExist();
    }

    @Test
    void anErrorAfterTheLookUpHasItsSentence() throws Exception {
        Files.writeString(folder.resolve("models.lock"), claimedSum + " 300000 " + REVISION + " " + VAD + "\n");
        status = 404;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("not found at");
        assertThat(weightsFile()).doesNotExist();
    }

    @Test
    void aFullDiskIsToldAndWhatCameIsKept() throws Exception {
        // A limit on the size of files is a full disk to the writer.
        Outcome outcome = fetch(Map.of(), "trap '' XFSZ; ulimit -f 100;", "silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("is full or refuses to be written; what came so far is kept");
        assertThat(weightsFile()).doesNotExist();
        assertThat(partFile()).hasSize(100 * 1024);
        assertThat(fetch("silero-vad").code()).isZero();
        assertThat(weightsFile()).hasBinaryContent(weights);
    }

    @Test
    void tooLittleRoomIsToldBeforehand() throws Exception {
        claimedSize = 900_000_000_000_000L;
        Outcome outcome = fetch("silero-vad");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("needs 900000.00 GB more but").contains("make room and run this again");
        assertThat(asked).hasSize(1);
    }

    @Test
    void damageIsFoundByVerifying() throws Exception {
        fetch("silero-vad");
        assertThat(fetch("--verify").output()).contains(VAD + " is right");
        byte[] damaged = weights.clone();
        damaged[1000]++;
        Files.write(weightsFile(), damaged);
        Outcome outcome = fetch("--verify");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains(VAD + " is DAMAGED");
        Files.write(weightsFile(), new byte[10]);
        assertThat(fetch("silero-vad").output()).contains("has 10 bytes instead of 300000");
    }

    @Test
    void aWordThatIsNoModelIsNamed() throws Exception {
        Outcome outcome = fetch("silero-vad", "edgy");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.output()).contains("'edgy' is neither a profile nor a model");
        assertThat(asked).isEmpty();
        assertThat(fetch().output()).contains("say which profile or model");
        assertThat(fetch("--fast").output()).contains("unknown option --fast");
    }

    @Test
    void aProfileBringsAllOfItsFiles() throws Exception {
        Outcome outcome = fetch("edge");
        assertThat(outcome.code()).as(outcome.output()).isZero();
        JsonNode manifest = new ObjectMapper().readTree(ROOT.resolve("models-gguf/manifest.json").toFile());
        for (JsonNode file : manifest.get("files")) {
            boolean edge = file.get("profiles").toString().contains("\"edge\"");
            assertThat(Files.exists(folder.resolve(file.get("file").asText()))).as(file.toString()).isEqualTo(edge);
        }
        Path profile = folder.resolve("edge.properties");
        assertThat(Files.readAllLines(profile).stream().skip(1)).containsExactlyInAnyOrder("stt-model=ggml-large-v3-turbo-q5_0.bin",
                "stt-vad-model=" + VAD, "llm-model=Qwen3-4B-Instruct-2507-Q4_K_M.gguf", "image-model=sd3.5_medium-Q4_0.gguf",
                "image-clip-l=clip_l.safetensors", "image-clip-g=clip_g.safetensors", "image-taesd=taesd3.safetensors");
        Files.writeString(profile, "llm-threads=2\n");
        assertThat(fetch("edge").output()).contains("edge.properties is left as it is");
        assertThat(profile).hasContent("llm-threads=2");
    }

    @Test
    void theManifestIsWhatScriptAndReadersExpect() throws Exception {
        String text = Files.readString(ROOT.resolve("models-gguf/manifest.json"));
        JsonNode manifest = new ObjectMapper().readTree(text);
        TreeSet<String> names = new TreeSet<>();
        TreeSet<String> files = new TreeSet<>();
        for (JsonNode file : manifest.get("files")) {
            assertThat(file.get("name").asText()).matches("[a-z0-9._-]+");
            assertThat(names.add(file.get("name").asText())).as(file.toString()).isTrue();
            assertThat(files.add(file.get("file").asText())).as(file.toString()).isTrue();
            assertThat(file.get("file").asText()).matches("[A-Za-z0-9._-]+");
            assertThat(file.get("license").asText()).isNotBlank();
            assertThat(file.get("approximate_bytes").asLong()).isPositive();
            assertThat(file.get("gated").isBoolean()).isTrue();
            file.get("profiles").forEach(profile -> assertThat(manifest.get("profiles").has(profile.asText())).isTrue());
        }
        assertThat(text.lines().filter(line -> line.startsWith("    {\"name\": ")).count()).isEqualTo(names.size());
        for (String profile : List.of("edge", "workstation", "quality")) {
            List<String> roles = new ArrayList<>();
            manifest.get("files").forEach(file -> {
                if (file.get("profiles").toString().contains('"' + profile + '"')) {
                    roles.add(file.get("role").asText());
                }
            });
            assertThat(roles).as(profile).contains("speech", "voice-activity", "language", "diffusion-model", "clip-l", "clip-g")
                    .doesNotHaveDuplicates();
            assertThat(roles.contains("vae") || roles.contains("taesd")).as(profile).isTrue();
        }
    }
}
