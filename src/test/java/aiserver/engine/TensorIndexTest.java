package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.models.RandomDiffusionModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading headers of weights: whole ones, and what damage does to them. */
class TensorIndexTest {
    @TempDir
    private Path folder;

    @Test
    void bothFormatsTellNamesAndShapes() throws IOException {
        Path safetensors = folder.resolve("sd3.safetensors");
        RandomDiffusionModel.writeDiffusionModel(safetensors, 24, 4, 1);
        TensorIndex diffusion = TensorIndex.read(safetensors, "diffusion model");
        assertThat(diffusion.shapes().get("pos_embed")).containsExactly(24, 16, 1);
        assertThat(diffusion.shapes().get("x_embedder.proj.weight")).containsExactly(2, 2, 16, 24);
        assertThat(diffusion.shapeEndingWith("context_embedder.weight")).containsExactly(4096, 24);

        Path brain = folder.resolve("bf16.safetensors");
        RandomDiffusionModel.writeDiffusionModel(brain, 24, 4, 1, RandomDiffusionModel.Precision.BF16);
        assertThat(TensorIndex.read(brain, "diffusion model").shapes().keySet()).isEqualTo(diffusion.shapes().keySet());

        Path gguf = folder.resolve("taesd3.gguf");
        RandomDiffusionModel.writeAutoencoder(gguf, 1);
        assertThat(TensorIndex.read(gguf, "TAESD").shapes().get("decoder.layers.0.weight")).containsExactly(3, 3, 16, 64);
        assertThat(TensorIndex.read(gguf, "TAESD").shapeEndingWith("nothing")).isNull();
    }

    @Test
    void damageIsAnErrorThatNamesTheFileOrGoesUnnoticedButNeverAnythingElse() throws IOException {
        Path gguf = folder.resolve("taesd3.gguf");
        RandomDiffusionModel.writeAutoencoder(gguf, 1);
        Path safetensors = folder.resolve("sd3.safetensors");
        RandomDiffusionModel.writeDiffusionModel(safetensors, 24, 4, 1);
        Random random = new Random(11);
        for (Path file : new Path[] {gguf, safetensors}) {
            byte[] whole = Files.readAllBytes(file);
            for (int round = 0; round < 40; round++) {
                byte[] damaged = whole.clone();
                for (int hit = 0; hit <= random.nextInt(4); hit++) {
                    damaged[random.nextInt(round % 2 == 0 ? 64 : 4000)] = (byte) random.nextInt();
                }
                Path copy = Files.write(folder.resolve("damaged"), damaged);
                try {
                    assertThat(TensorIndex.read(copy, "model").shapes()).isNotEmpty();
                } catch (EngineException e) {
                    assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE);
                    assertThat(e).hasMessageContaining(copy.toString());
                }
            }
        }
    }

    @Test
    void everyCutIsNoticed() throws IOException {
        Path gguf = folder.resolve("taesd3.gguf");
        RandomDiffusionModel.writeAutoencoder(gguf, 1);
        byte[] whole = Files.readAllBytes(gguf);
        for (int length : new int[] {0, 3, 23, 24, 100, 1000, 5000, whole.length / 2, whole.length - 64}) {
            Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> TensorIndex.read(cut, "TAESD")).as("%d bytes", length).isInstanceOf(EngineException.class)
                    .hasMessageContaining("TAESD " + cut + " is damaged");
        }
    }

    @Test
    void numbersThatWouldTakeAllMemoryAreRefused() throws IOException {
        byte[] gguf = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3)
                .putLong(Long.MAX_VALUE).putLong(1).array();
        Path file = Files.write(folder.resolve("many.gguf"), gguf);
        assertThatThrownBy(() -> TensorIndex.read(file, "model")).hasMessageContaining("it would have 9223372036854775807 tensors");

        byte[] header = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(-5).array();
        Path other = Files.write(folder.resolve("long.safetensors"), header);
        assertThatThrownBy(() -> TensorIndex.read(other, "model")).hasMessageContaining("its header would have 18446744073709551611 bytes");

        Path third = safetensors("overflow", "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,2],\"data_offsets\":[0,8]}}");
        assertThatThrownBy(() -> TensorIndex.read(third, "model")).hasMessageContaining("overflow");
    }

    @Test
    void numbersThatNoLongHoldsAreDamage() throws IOException {
        String many = "99999999999999999999";
        for (String numbers : new String[] {"[" + many + "],\"data_offsets\":[0,8]", "[2],\"data_offsets\":[0," + many + "]"}) {
            Path file = safetensors("long", "{\"a\":{\"dtype\":\"F32\",\"shape\":" + numbers + "}}");
            assertThatThrownBy(() -> TensorIndex.read(file, "model")).isInstanceOf(EngineException.class)
                    .hasMessageContaining("model " + file + " is damaged").hasMessageContaining(many);
        }
    }

    private Path safetensors(String name, String header) throws IOException {
        ByteBuffer file = ByteBuffer.allocate(8 + header.length() + 8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length())
                .put(header.getBytes(StandardCharsets.US_ASCII));
        return Files.write(folder.resolve(name + ".safetensors"), file.array());
    }
}
