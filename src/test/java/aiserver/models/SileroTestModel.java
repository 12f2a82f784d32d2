package aiserver.models;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A voice activity model in the true architecture whose weights are all zero but the last: it hears speech everywhere
 * or nowhere, which is all that tests of the calls need.
 */
public final class SileroTestModel {
    private static final int[] CHANNELS = {129, 128, 64, 64, 128};

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private SileroTestModel() {
    }

    /** @param bias of the output before the sigmoid: 10 means speech everywhere, -10 nowhere */
    public static Path write(Path file, float bias) throws IOException {
        return Files.write(file, new SileroTestModel().model(bias));
    }

    private byte[] model(float bias) {
        int32(0x67676d6c);
        byte[] type = "silero-16k".getBytes(StandardCharsets.US_ASCII);
        int32(type.length);
        out.writeBytes(type);
        // Version 5.1.2, window, context, layers.
        int32(5, 1, 2, 512, 64, 4);
        for (int layer = 0; layer < 4; layer++) {
            int32(CHANNELS[layer], CHANNELS[layer + 1], 3);
        }
        int32(128, 128, 128, 1);
        tensor("_model.stft.forward_basis_buffer", 1, new byte[2 * 256 * 258], 256, 1, 258);
        for (int layer = 0; layer < 4; layer++) {
            String name = "_model.encoder." + layer + ".reparam_conv.";
            int in = CHANNELS[layer];
            int to = CHANNELS[layer + 1];
            tensor(name + "weight", 1, new byte[2 * 3 * in * to], 3, in, to);
            tensor(name + "bias", 0, new byte[4 * to], to);
        }
        tensor("_model.decoder.rnn.weight_ih", 0, new byte[4 * 128 * 512], 128, 512);
        tensor("_model.decoder.rnn.bias_ih", 0, new byte[4 * 512], 512);
        tensor("_model.decoder.rnn.weight_hh", 0, new byte[4 * 128 * 512], 128, 512);
        tensor("_model.decoder.rnn.bias_hh", 0, new byte[4 * 512], 512);
        tensor("_model.decoder.decoder.2.weight", 1, new byte[2 * 128], 128, 1);
        tensor("_model.decoder.decoder.2.bias", 0,
                ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(bias).array(), 1);
        return out.toByteArray();
    }

    private void tensor(String name, int type, byte[] weights, int... sizes) {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        int32(sizes.length, text.length, type);
        int32(sizes);
        out.writeBytes(text);
        out.writeBytes(weights);
    }

    private void int32(int... values) {
        for (int value : values) {
            out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
        }
    }
}
