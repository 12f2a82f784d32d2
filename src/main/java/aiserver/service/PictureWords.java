package aiserver.service;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tab-separated word file of the picture service: the shop's own where its folder has one of that name, else the one
 * that comes with the worker. Read once when the service is made; any thread.
 */
final class PictureWords {
    private static final String RESOURCES = "/aiserver/pictures/";

    private PictureWords() {
    }

    /**
     * The lines of a file without comments and blank lines, each split into exactly {@code columns} columns.
     *
     * @param folder the shop's own words, or null
     * @throws JobException MODEL_NOT_AVAILABLE naming file and line where one cannot be read
     */
    static List<List<String>> lines(Path folder, String name, int columns) {
        Path own = folder == null ? null : folder.resolve(name);
        boolean replaced = own != null && Files.exists(own);
        String text = replaced ? ownText(own) : builtInText(name);
        List<List<String>> lines = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\r?\n", -1)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            List<String> cells = new ArrayList<>(Arrays.stream(line.split("\t", -1)).map(String::strip).toList());
            while (cells.size() < columns) {
                cells.add("");
            }
            if (cells.size() > columns || cells.get(0).isEmpty()) {
                throw broken((replaced ? own.toString() : name) + " line " + number + ": expected " + columns
                        + " columns separated by tabs, the first not empty", null);
            }
            lines.add(List.copyOf(cells));
        }
        return lines;
    }

    /** The words of one cell: separated by commas, none blank. */
    static List<String> words(String cell) {
        return Arrays.stream(cell.split(",")).map(String::strip).filter(word -> !word.isEmpty()).toList();
    }

    private static String ownText(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw broken(file + " is not UTF-8 text", e);
        } catch (IOException e) {
            throw broken(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static String builtInText(String name) {
        try (InputStream in = PictureWords.class.getResourceAsStream(RESOURCES + name)) {
            if (in == null) {
                throw new IllegalStateException("the worker was packed without " + RESOURCES + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw broken(name + " cannot be read: " + e.getMessage(), e);
        }
    }

    static JobException broken(String message, Throwable cause) {
        return new JobException(ErrorCode.MODEL_NOT_AVAILABLE, "the picture service's words: " + message, cause);
    }
}
