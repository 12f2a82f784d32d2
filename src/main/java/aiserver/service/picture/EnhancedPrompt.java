package aiserver.service.picture;

import java.util.List;

/**
 * A prompt that is ready for the text encoder.
 *
 * @param text      plain ASCII English
 * @param unwanted  what the order excludes, for the negative prompt: plain English, may be empty
 * @param filtered  what was taken out as unsafe, as the customer wrote it; may be empty
 * @param truncated whether words were left out to stay within the encoder's limit
 */
public record EnhancedPrompt(String text, String unwanted, List<String> filtered, boolean truncated) {
    public EnhancedPrompt {
        filtered = List.copyOf(filtered);
    }
}
