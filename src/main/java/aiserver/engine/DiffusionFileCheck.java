package aiserver.engine;

import java.util.Arrays;

/**
 * Looks into the files of a picture model before the engine gets them: a text encoder that is not there, a cut file or
 * a size beyond the model's grid ends the process or is noticed only at the first picture. Says what the model can
 * draw. Made at each load, by the engine; one thread.
 *
 * @param grid     positions a side that the model knows; a picture has at most 16 pixels for each
 * @param combined whether the model's file is laid out to hold the other parts, too
 */
record DiffusionFileCheck(int grid, boolean combined) {
    private static final String COMBINED = "model.diffusion_model.";
    private static final int PIXELS_A_POSITION = 16;
    private static final int FEWEST_BLOCKS = 24;
    private static final int CLIP_TOKENS = 49408;
    private static final int CLIP_POSITIONS = 77;
    private static final int CLIP_L_WIDTH = 768;
    private static final int CLIP_G_WIDTH = 1280;
    private static final int T5_WIDTH = 4096;
    private static final int GRID_WITHOUT_POSITIONS = 384;

    /** @throws EngineException MODEL_NOT_AVAILABLE naming the file and what is wrong with it */
    static DiffusionFileCheck of(DiffusionSettings settings) {
        TensorIndex file = TensorIndex.read(settings.diffusionModel().file(), "diffusion model");
        int grid = checkDiffusionModel(file);
        boolean combined = holds(file, COMBINED);
        DiffusionFileCheck check = new DiffusionFileCheck(grid, combined);
        // No job sets the size of its picture: one that the model cannot draw is the configuration's mistake, told at load.
        require(check.draws(settings.width(), settings.height()), file, "diffusion model",
                check.limit(settings.width(), settings.height()) + " (--image-width, --image-height)");
        require(settings.clipL() != null || settings.clipG() != null || settings.t5() != null || combined && holds(file, "text_encoders."),
                file, "diffusion model", "holds no text encoder, and none is set: CLIP-L, CLIP-G or T5");
        require(settings.vae() != null || settings.taesd() != null || combined && holds(file, "first_stage_model."),
                file, "diffusion model", "holds no autoencoder, and none is set: VAE or TAESD");
        checkClip(settings.clipL(), "CLIP-L", CLIP_L_WIDTH);
        checkClip(settings.clipG(), "CLIP-G", CLIP_G_WIDTH);
        if (settings.t5() != null) {
            TensorIndex t5 = TensorIndex.read(settings.t5().file(), "T5");
            long[] embedding = t5.shapeEndingWith("token_embd.weight");
            require(embedding != null || (embedding = t5.shapeEndingWith("shared.weight")) != null, t5, "T5", "has no token embedding");
            require(embedding[0] == T5_WIDTH, t5, "T5", "is " + embedding[0] + " wide, not " + T5_WIDTH);
        }
        if (settings.taesd() != null) {
            checkDecoder(TensorIndex.read(settings.taesd().file(), "TAESD"), "TAESD", "decoder.layers.0.weight");
        }
        if (settings.vae() != null) {
            checkDecoder(TensorIndex.read(settings.vae().file(), "VAE"), "VAE", "decoder.conv_in.weight");
        }
        return check;
    }

    private static boolean holds(TensorIndex file, String prefix) {
        return file.shapes().keySet().stream().anyMatch(name -> name.startsWith(prefix));
    }

    private static int checkDiffusionModel(TensorIndex model) {
        int blocks = 0;
        for (String name : model.shapes().keySet()) {
            int at = name.indexOf("joint_blocks.");
            if (at >= 0) {
                String number = name.substring(at + "joint_blocks.".length()).split("\\.", 2)[0];
                blocks = Math.max(blocks, number.matches("\\d{1,4}") ? Integer.parseInt(number) + 1 : 0);
            }
        }
        require(blocks > 0, model, "diffusion model", "has no joint_blocks: it is none of SD3's kind");
        require(blocks >= FEWEST_BLOCKS, model, "diffusion model", "has " + blocks + " blocks; the engine takes " + FEWEST_BLOCKS + " or more");
        for (String part : new String[] {"x_embedder.proj.weight", "context_embedder.weight", "final_layer.linear.weight"}) {
            require(model.shapeEndingWith(part) != null, model, "diffusion model", "has no " + part);
        }
        long[] positions = model.shapeEndingWith("pos_embed");
        if (positions == null) {
            return GRID_WITHOUT_POSITIONS;
        }
        long count = positions.length >= 2 ? positions[1] : 0;
        int grid = (int) Math.round(Math.sqrt(count));
        require(grid > 0 && (long) grid * grid == count, model, "diffusion model",
                "has position embeddings of " + Arrays.toString(positions) + ", which are no square grid");
        return grid;
    }

    private static void checkClip(DiffusionSettings.Part part, String what, int width) {
        if (part == null) {
            return;
        }
        TensorIndex clip = TensorIndex.read(part.file(), what);
        long[] tokens = clip.shapeEndingWith("token_embedding.weight");
        require(tokens != null, clip, what, "has no token embedding");
        require(tokens.length == 2 && tokens[0] == width && tokens[1] == CLIP_TOKENS, clip, what, "has a token embedding of "
                + Arrays.toString(tokens) + ", not of " + width + " by " + CLIP_TOKENS);
        long[] positions = clip.shapeEndingWith("position_embedding.weight");
        require(positions != null && positions.length == 2 && positions[0] == width && positions[1] == CLIP_POSITIONS, clip, what,
                "has position embeddings of " + Arrays.toString(positions) + ", not of " + width + " by " + CLIP_POSITIONS);
    }

    private static void checkDecoder(TensorIndex file, String what, String first) {
        require(file.shapes().keySet().stream().anyMatch(name -> name.endsWith(first)), file, what, "has no " + first);
    }

    private static void require(boolean ok, TensorIndex file, String what, String wrong) {
        if (!ok) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, what + " " + file.file() + " " + wrong);
        }
    }

    /** The longest side of a picture in pixels. */
    int longestSide() {
        return grid * PIXELS_A_POSITION;
    }

    /** @throws EngineException INVALID_INPUT for a picture that is larger than the model's grid */
    void requireSize(int width, int height) {
        if (!draws(width, height)) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "the picture model " + limit(width, height));
        }
    }

    private boolean draws(int width, int height) {
        return Math.max(width, height) <= longestSide();
    }

    private String limit(int width, int height) {
        return "draws up to " + longestSide() + " pixels a side, not " + width + "x" + height;
    }
}
