package aiserver.service;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Texts that a shop may replace: a file of its own folder goes before the one of that name that comes with the program.
 * Read at start; immutable, any thread.
 */
public final class ShopFiles {
    private final String what;
    private final Path folder;
    private final String resources;

    /**
     * @param what      the texts, for messages
     * @param folder    the shop's own, or null
     * @param resources where the program's lie: {@code /aiserver/…/}
     * @throws IllegalArgumentException where the folder is none
     */
    public ShopFiles(String what, Path folder, String resources) {
        this.what = what;
        this.folder = folder;
        this.resources = resources;
        if (folder != null && !Files.isDirectory(folder)) {
            throw wrong(folder + " is not a folder", null);
        }
    }

    /** Where a text is read from, for messages: the path of the shop's file, or the bare name of the program's. */
    public String place(String name) {
        return replaced(name) ? folder.resolve(name).toString() : name;
    }

    /** @throws IllegalArgumentException that names the file that cannot be read */
    public String read(String name) {
        try {
            return replaced(name) ? Files.readString(folder.resolve(name)) : ofProgram(name);
        } catch (CharacterCodingException e) {
            throw wrong(place(name) + " is not UTF-8 text", e);
        } catch (IOException e) {
            throw wrong(place(name) + " cannot be read: " + e.getMessage(), e);
        }
    }

    public IllegalArgumentException wrong(String problem, Exception cause) {
        return new IllegalArgumentException(what + ": " + problem, cause);
    }

    private boolean replaced(String name) {
        return folder != null && Files.exists(folder.resolve(name));
    }

    private String ofProgram(String name) throws IOException {
        try (InputStream in = ShopFiles.class.getResourceAsStream(resources + name)) {
            if (in == null) {
                throw new IllegalStateException("the program was packed without " + resources + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
