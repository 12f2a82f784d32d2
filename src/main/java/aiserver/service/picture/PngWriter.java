package aiserver.service.picture;

import aiserver.engine.Picture;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Writes a picture as PNG, 8 bits a channel, with texts about how it was made in it. The JDK's own writer; the pixels
 * are not copied. Stateless; any thread.
 */
final class PngWriter {
    private static final String NATIVE_FORMAT = "javax_imageio_png_1.0";

    private PngWriter() {
    }

    /** @param texts keyword (1 to 79 Latin characters) to Latin text, written as {@code tEXt} chunks */
    static byte[] write(Picture picture, Map<String, String> texts) {
        BufferedImage image = image(picture);
        Iterator<ImageWriter> writers = ImageIO.getImageWritersByFormatName("png");
        if (!writers.hasNext()) {
            throw new IllegalStateException("this Java has no PNG writer (module java.desktop)");
        }
        ImageWriter writer = writers.next();
        ByteArrayOutputStream out = new ByteArrayOutputStream(picture.rgb().length / 2 + 1024);
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
            metadata.mergeTree(NATIVE_FORMAT, textTree(texts));
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, metadata), null);
        } catch (IIOInvalidTreeException e) {
            throw new IllegalArgumentException("text that PNG cannot hold: " + texts, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    private static BufferedImage image(Picture picture) {
        DataBufferByte pixels = new DataBufferByte(picture.rgb(), picture.rgb().length);
        WritableRaster raster = Raster.createInterleavedRaster(pixels, picture.width(), picture.height(),
                3 * picture.width(), 3, new int[] {0, 1, 2}, null);
        ComponentColorModel rgb = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false,
                ComponentColorModel.OPAQUE, DataBuffer.TYPE_BYTE);
        return new BufferedImage(rgb, raster, false, null);
    }

    private static IIOMetadataNode textTree(Map<String, String> texts) {
        IIOMetadataNode entries = new IIOMetadataNode("tEXt");
        texts.forEach((keyword, text) -> {
            IIOMetadataNode entry = new IIOMetadataNode("tEXtEntry");
            entry.setAttribute("keyword", keyword);
            entry.setAttribute("value", text);
            entries.appendChild(entry);
        });
        IIOMetadataNode root = new IIOMetadataNode(NATIVE_FORMAT);
        root.appendChild(entries);
        return root;
    }
}
