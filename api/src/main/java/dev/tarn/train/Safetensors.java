package dev.tarn.train;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A file of named tensors and text metadata in the safetensors format: eight bytes with the length
 * of a JSON header, the header, the data.
 *
 * @param tensors the tensors by name, in the file's order
 * @param metadata texts by name, without the checksum
 */
public record Safetensors(Map<String, HostTensor> tensors, Map<String, String> metadata) {
  private static final int CHUNK = 1 << 20;
  private static final long MAX_HEADER = 100_000_000;
  private static final String METADATA = "__metadata__";

  /** Copies the maps, keeping their order. */
  public Safetensors {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /**
   * Writes the file so that at any moment either the old or the new one is there, whole: a
   * temporary file beside it is written, forced to the disk and renamed.
   *
   * @throws TarnException naming the file if it cannot be written
   */
  public void write(Path file) {
    AtomicFile.write(file, this::writeTo);
  }

  private void writeTo(FileChannel channel) throws IOException {
    ByteBuffer start = start(Checksum.UNKNOWN);
    Checksum checksum = new Checksum();
    checksum.add(start);
    AtomicFile.writeFully(channel, start);
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    for (HostTensor tensor : tensors.values()) {
      int perChunk = CHUNK / tensor.spec().dtype().bytes();
      for (int from = 0; from < tensor.size(); from += perChunk) {
        int count = Math.min(perChunk, tensor.size() - from);
        chunk.clear();
        switch (tensor.spec().dtype()) {
          case F32 -> chunk.asFloatBuffer().put(tensor.floats(), from, count);
          case F64 -> chunk.asDoubleBuffer().put(tensor.doubles(), from, count);
          case I32 -> chunk.asIntBuffer().put(tensor.ints(), from, count);
        }
        chunk.limit(count * tensor.spec().dtype().bytes());
        checksum.add(chunk);
        AtomicFile.writeFully(channel, chunk);
      }
    }
    channel.position(0);
    AtomicFile.writeFully(channel, start(checksum.text()));
  }

  /** The length of the header, and the header; of one size whatever the checksum. */
  private ByteBuffer start(String checksum) {
    JsonObject header = new JsonObject();
    JsonObject texts = new JsonObject();
    // By name: where a text came into the map, in a training or with a checkpoint, changes no byte.
    new TreeMap<>(metadata).forEach(texts::addProperty);
    texts.addProperty(Checksum.KEY, checksum);
    header.add(METADATA, texts);
    long offset = 0;
    for (Map.Entry<String, HostTensor> entry : tensors.entrySet()) {
      Spec spec = entry.getValue().spec();
      JsonObject description = new JsonObject();
      description.addProperty("dtype", spec.dtype().toString().toUpperCase(Locale.ROOT));
      JsonArray shape = new JsonArray();
      for (int dim : spec.shape().dims()) {
        shape.add(dim);
      }
      description.add("shape", shape);
      JsonArray range = new JsonArray();
      range.add(offset);
      offset += spec.bytes();
      range.add(offset);
      description.add("data_offsets", range);
      header.add(entry.getKey(), description);
    }
    byte[] text = new Gson().toJson(header).getBytes(StandardCharsets.UTF_8);
    int padded = (text.length + 7) / 8 * 8;
    ByteBuffer start = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(padded).put(text);
    while (start.hasRemaining()) {
      start.put((byte) ' ');
    }
    return start.flip();
  }

  /**
   * Reads a file.
   *
   * <p>Where the metadata have a checksum, as they do in files of {@link #write}, it is checked.
   *
   * @throws TarnException naming the file and what is wrong if it is missing or damaged, or holds
   *     element types other than F32, F64 and I32
   */
  public static Safetensors read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return readFrom(channel, file);
    } catch (NoSuchFileException e) {
      throw new TarnException(file + ": no such file", e);
    } catch (EOFException e) {
      throw new TarnException(file + ": damaged: it ends too early", e);
    } catch (IOException e) {
      throw new TarnException(file + ": cannot be read: " + AtomicFile.reason(e), e);
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | ClassCastException
        | NumberFormatException
        | ShapeException
        | ArithmeticException e) {
      throw new TarnException(file + ": damaged: its header is not that of a safetensors file", e);
    }
  }

  private static Safetensors readFrom(FileChannel channel, Path file) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length);
    long headerBytes = length.getLong(0);
    if (headerBytes < 2 || headerBytes > MAX_HEADER || headerBytes > channel.size() - 8) {
      throw new TarnException(file + ": damaged or not a safetensors file");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) headerBytes);
    readFully(channel, bytes);
    String text = new String(bytes.array(), StandardCharsets.UTF_8);
    JsonObject header = JsonParser.parseString(text).getAsJsonObject();
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = metadata(header);
    String expected = metadata.remove(Checksum.KEY);
    Checksum checksum = new Checksum();
    checksum.add(length.rewind());
    String unknown = expected == null ? text : Checksum.without(expected, text);
    checksum.add(ByteBuffer.wrap(unknown.getBytes(StandardCharsets.UTF_8)));
    long dataStart = 8 + headerBytes;
    for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
      String name = entry.getKey();
      if (!name.equals(METADATA)) {
        JsonObject value = entry.getValue().getAsJsonObject();
        tensors.put(name, readTensor(channel, file, name, value, dataStart, checksum));
      }
    }
    if (expected != null && !expected.equals(checksum.text())) {
      throw new TarnException(
          String.format(
              "%s: damaged: it does not fit its checksum; take %s (a program that changes the file"
                  + " must leave out its metadata '%s')",
              file, RunDirectory.other(file), Checksum.KEY));
    }
    return new Safetensors(tensors, metadata);
  }

  private static Map<String, String> metadata(JsonObject header) {
    Map<String, String> metadata = new LinkedHashMap<>();
    JsonObject texts = header.getAsJsonObject(METADATA);
    if (texts != null) {
      texts.entrySet().forEach(e -> metadata.put(e.getKey(), e.getValue().getAsString()));
    }
    return metadata;
  }

  private static HostTensor readTensor(
      FileChannel channel,
      Path file,
      String name,
      JsonObject description,
      long dataStart,
      Checksum checksum)
      throws IOException {
    String dtype = member(description, "dtype").getAsString();
    if (!dtype.equals("F32") && !dtype.equals("F64") && !dtype.equals("I32")) {
      throw new TarnException(
          file + ": tensor " + name + " is " + dtype + "; Tarn reads F32, F64 and I32");
    }
    JsonArray dims = member(description, "shape").getAsJsonArray();
    int[] extents = new int[dims.size()];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = Math.toIntExact(dims.get(i).getAsLong());
    }
    Spec spec = new Spec(DType.valueOf(dtype), Shape.of(extents));
    JsonArray range = member(description, "data_offsets").getAsJsonArray();
    long from = range.get(0).getAsLong();
    long to = range.get(1).getAsLong();
    if (from < 0 || to - from != spec.bytes() || to > channel.size() - dataStart) {
      throw new TarnException(
          file + ": damaged: tensor " + name + " " + spec + " does not lie in the file");
    }
    HostTensor tensor = HostTensor.zeros(spec);
    channel.position(dataStart + from);
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    int perChunk = CHUNK / spec.dtype().bytes();
    for (int at = 0; at < tensor.size(); at += perChunk) {
      int count = Math.min(perChunk, tensor.size() - at);
      chunk.clear().limit(count * spec.dtype().bytes());
      readFully(channel, chunk);
      chunk.flip();
      checksum.add(chunk);
      switch (spec.dtype()) {
        case F32 -> chunk.asFloatBuffer().get(tensor.floats(), at, count);
        case F64 -> chunk.asDoubleBuffer().get(tensor.doubles(), at, count);
        case I32 -> chunk.asIntBuffer().get(tensor.ints(), at, count);
      }
    }
    return tensor;
  }

  private static JsonElement member(JsonObject object, String name) {
    JsonElement value = object.get(name);
    if (value == null) {
      throw new JsonParseException("no " + name);
    }
    return value;
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException();
      }
    }
  }
}
