package aiserver.service;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A tab-separated word file of the picture service: the shop's own where its folder has one of that name, else the one
 * that comes with the worker. Read once when the service is made; any thread.
 */
final class PictureWords {
    private static final String RESOURCES = "/aiserver/pictures/";

    private PictureWords() {
    }

    /**
     * Reads the lines of a file without comments and blank lines, each split into exactly {@code columns} columns.
     *
     * @param folder the shop's own words, or null
     * @param reader may refuse a line by an {@link IllegalArgumentException}
     * @throws IllegalArgumentException naming the folder, or file and line, that is wrong
     */
    static void eachLine(Path folder, String name, int columns, Consumer<List<String>> reader) {
        if (folder != null && !Files.isDirectory(folder)) {
            throw broken(folder + " is not a folder", null);
        }
        Path own = folder == null ? null : folder.resolve(name);
        boolean replaced = own != null && Files.exists(own);
        String text = replaced ? ownText(own) : builtInText(name);
        int number = 0;
        for (String line : text.split("\r?\n", -1)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String at = (replaced ? own.toString() : name) + " line " + number;
            List<String> cells = new ArrayList<>(Arrays.stream(line.split("\t", -1)).map(String::strip).toList());
            while (cells.size() < columns) {
                cells.add("");
            }
            if (cells.size() > columns || cells.get(0).isEmpty()) {
                throw broken(at + ": expected " + columns + " columns separated by tabs, the first not empty", null);
            }
            try {
                reader.accept(List.copyOf(cells));
            } catch (IllegalArgumentException e) {
                throw broken(at + ": " + e.getMessage(), e);
            }
        }
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

    private static IllegalArgumentException broken(String message, Throwable cause) {
        return new IllegalArgumentException("the picture service's words: " + message, cause);
    }
}
