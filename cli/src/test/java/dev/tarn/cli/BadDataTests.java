package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged, absurd and hostile files of every reader: what 'tarn train' says of them. */
final class BadDataTests {
  @TempDir private Path directory;

  private void write(String name, byte[] bytes) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private void write(String name, String text, Charset charset) throws IOException {
    write(name, text.replace("~", "\n").getBytes(charset));
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  private Tarn.Result train(String data) throws IOException {
    String text =
        "data: "
            + data
            + "\nmodel: [flatten, dense: 2]\ntrain: {optimizer: adam, epochs: 1, batch: 8}\n"
            + "device: reference\n";
    Path file = Files.writeString(directory.resolve("run.yaml"), text);
    return Tarn.run(
        "train", file.toString(), "--no-report", "--runs", directory.resolve("runs").toString());
  }

  /** One line, and no run directory. */
  private void refused(String data, String message) throws IOException {
    Tarn.Result result = train(data);
    assertEquals(message, result.err().replace(directory + "/", "").strip());
    assertEquals(1, result.code());
    assertEquals("", result.out());
    assertFalse(Files.exists(directory.resolve("runs")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "UTF-8 | 1,2,0~3,1~ | t.csv:2: 2 fields where the first line has 3",
        "UTF-8 | 1,2,0~3,4,1,7~ | t.csv:2: 4 fields where the first line has 3",
        "UTF-8 | a,b,class~1,NaN,0~ | t.csv:2: column 2 ('b') is 'NaN', not a finite number; name 'NaN' under 'missing' if it stands for a missing value",
        "UTF-8 | a,b,class~1,1e400,0~ | t.csv:2: column 2 ('b') is '1e400', not a finite number",
        "UTF-8 | a,b,class~1,,0~ | t.csv:2: column 2 ('b') is empty; name '' under 'missing' if it may be",
        "UTF-8 | a,b,class~1,2,-1~ | t.csv: every row is of class '-1'; there is nothing to learn: add rows of another class, or name another column under 'label'",
        "UTF-8 | a,b,class~1,2,0~3,4,cat~ | t.csv:3: the class in column 3 is 'cat', not a whole number as in other rows",
        "UTF-8 | a,b,class~ | t.csv: no rows of data",
        "UTF-8 | a,b,class~1,2,x~3,4,x~ | t.csv: every row is of class 'x'; there is nothing to learn: add rows of another class, or name another column under 'label'",
        "UTF-8 | a,b,class~1,2,x~3,4,y~5,6,x~7,8,y~ | t.csv: split: of 4 examples 3 are for training, 1 for validation and 0 for testing; too few: make the shares larger, or some of them 0",
        "UTF-8 | a,a,class~1,2,x~3,4,y~ | t.csv: two columns are called 'a'; rename one of them, or say 'header: false' if the first line has no names",
        "ISO-8859-1 | a,größe,class~1,2,0~ | t.csv: not UTF-8 text; save it as UTF-8",
        "UTF-16 | a,b,class~1,2,0~ | t.csv: not UTF-8 text; save it as UTF-8",
      })
  void tables(String charset, String text, String message) throws IOException {
    write("t.csv", text, Charset.forName(charset));
    refused("{csv: t.csv}", "tarn: " + message);
  }

  /** A column that is not there is a wrong run file, and its place is named. */
  @Test
  void columnsThatAreNotThere() throws IOException {
    write("t.csv", "a,b,risk~1,2,x~3,4,y~", StandardCharsets.UTF_8);
    Tarn.Result result = train("{csv: t.csv, label: rsik}");
    assertEquals(
        "tarn: run.yaml:1:27: t.csv: label: there is no column 'rsik'; did you mean 'risk'? There"
            + " are ['a', 'b', 'risk']",
        result.err().replace(directory + "/", "").strip());
    assertEquals(2, result.code());
  }

  @Test
  void tablesCutOffOrUnclosed() throws IOException {
    write("q.csv", "a,b,class~1,\"2,0~3,4,1~", StandardCharsets.UTF_8);
    refused(
        "{csv: q.csv}",
        "tarn: q.csv:2: a quote \" is opened in this row and never closed; close it, or write it"
            + " twice inside of quotes");
    byte[] packed = gzip("1,2,0\n3,4,1\n".repeat(500).getBytes(StandardCharsets.UTF_8));
    write("t.csv.gz", Arrays.copyOf(packed, packed.length - 9));
    refused("{csv: t.csv.gz}", "tarn: t.csv.gz: cut off before its end; get the file again");
  }

  /** A byte order mark, both kinds of line ends, quotes, spaces, no last line end. */
  @Test
  void tablesThatAreRight() throws IOException {
    StringBuilder text = new StringBuilder("\uFEFF\"a\", b ,\"the \"\"class\"\"\"\r\n");
    for (int i = 0; i < 40; i++) {
      text.append(" 1.5 ,\"").append(i).append("\",").append(i % 2 == 0 ? "x" : "\"y, z\"");
      text.append(i % 3 == 0 ? "\r\n" : "\n");
    }
    write("t.csv", text.toString().strip(), StandardCharsets.UTF_8);
    Tarn.Result result = train("{csv: t.csv, label: 'the \"class\"', categorical: b, embed: 2}");
    assertEquals(0, result.code(), result.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "89504e470d0a | 0000080100000001 00 | x.idx: not an IDX file: it begins with 89504e47 rather than 0000",
        "00000803 00000002 00000001 00000001 01 | 0000080100000002 0001 | x.idx: cut off: the header promises [2, 1, 1], the file has less; get it again",
        "00000803 7fffffff 7fffffff 7fffffff 01 | 0000080100000002 0001 | x.idx: the header promises [2147483647, 2147483647, 2147483647], more than the file can hold; it is cut off or damaged: get it again",
        "00000802 00000002 00000001 0102 | 0000080100000003 000101 | y.idx: [3] does not fit the features [2,1] of x.idx; one label for each example was expected",
        "00000802 00000002 00000001 0102 | 0000090100000002 00ff | y.idx: example 1 has label -1, not one of 0 to 999999",
        "00000D02 00000001 00000001 7fc00000 | 0000080100000001 00 | x.idx: element [0, 0] is NaN, not a finite 32-bit number; drop or replace such examples first",
        "00000802 00000002 00000001 0102 | 00000D0100000002 00000000 3fc00000 | y.idx: element [1] is 1.5, not a 32-bit integer",
      })
  void idx(String features, String labels, String message) throws IOException {
    write("x.idx", HexFormat.of().parseHex(features.replace(" ", "")));
    write("y.idx", HexFormat.of().parseHex(labels.replace(" ", "")));
    refused("{idx: x.idx, label: y.idx}", "tarn: " + message);
    write("x.idx", gzip(HexFormat.of().parseHex(features.replace(" ", ""))));
    assertEquals(1, train("{idx: x.idx, label: y.idx}").code());
  }

  private static byte[] npy(String type, String shape, byte[] values) {
    String header = "{'descr': '%s', 'fortran_order': False, 'shape': %s}\n".formatted(type, shape);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    out.write(header.length());
    out.write(0);
    out.writeBytes(header.getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(values);
    return out.toByteArray();
  }

  private void npz(String name, byte[] x, byte[] y) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("x.npy"));
      zip.write(x);
      zip.putNextEntry(new ZipEntry("y.npy"));
      zip.write(y);
    }
    write(name, out.toByteArray());
  }

  @Test
  void arraysOfNumPy() throws IOException {
    byte[] x = npy("<u1", "(2, 3)", new byte[6]);
    byte[] y = npy("<u1", "(2,)", new byte[] {0, 1});
    npz("a.npz", x, npy("<i1", "(2,)", new byte[] {0, -1}));
    refused("{npz: a.npz}", "tarn: a.npz:y: example 1 has label -1, not one of 0 to 999999");
    npz("a.npz", x, npy("<u1", "(3,)", new byte[3]));
    refused(
        "{npz: a.npz}",
        "tarn: a.npz:y: [3] does not fit the features [2,3] of a.npz:x; one label for each"
            + " example was expected");
    npz("a.npz", npy("<f4", "(2, 1)", new byte[] {0, 0, 0, 0, 0, 0, (byte) 0xc0, 0x7f}), y);
    refused(
        "{npz: a.npz}",
        "tarn: a.npz:x: element [1, 0] is NaN, not a finite 32-bit number; drop or replace such"
            + " examples first");
    npz("a.npz", npy("|O", "(2, 3)", new byte[6]), y);
    refused(
        "{npz: a.npz}",
        "tarn: a.npz:x: elements of type '|O' are not read; convert with astype('float32') or"
            + " astype('int32')");
    npz("a.npz", npy("<f8", "(2000000000, 2000000000)", new byte[6]), y);
    refused(
        "{npz: a.npz}",
        "tarn: a.npz:x: the header promises [2000000000, 2000000000], more than the file can hold;"
            + " it is cut off or damaged: get it again");
    npz("a.npz", x, y);
    refused("{npz: a.npz, features: z}", "tarn: a.npz: no array 'z'; there are [x, y]");
    byte[] whole = Files.readAllBytes(directory.resolve("a.npz"));
    write("a.npz", Arrays.copyOf(whole, whole.length / 2));
    refused(
        "{npz: a.npz}",
        "tarn: a.npz: packed data are damaged (zip END header not found); get the file again");
    write("a.npz", "text", StandardCharsets.UTF_8);
    refused(
        "{npz: a.npz}",
        "tarn: a.npz: packed data are damaged (zip END header not found); get the file again");
  }

  @Test
  void images() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", out);
    byte[] good = out.toByteArray();
    write("p/a/1.png", good);
    refused("{images: p}", "tarn: p: 1 directories; expected one for each class, two at least");
    write("p/b/1.png", "this is text", StandardCharsets.UTF_8);
    refused("{images: p}", "tarn: p/b/1.png: not a PNG or JPEG image, whatever its name says");
    write("p/b/1.png", Arrays.copyOf(good, good.length / 2));
    refused(
        "{images: p}",
        "tarn: p/b/1.png: the image cannot be decoded (Error skipping PNG metadata); get it again,"
            + " or save it as PNG in RGB");
    write("p/a/0.png", "this is text", StandardCharsets.UTF_8);
    write("p/b/2.png", "this is text", StandardCharsets.UTF_8);
    String first = "tarn: p/a/0.png: not a PNG or JPEG image, whatever its name says\n";
    refused("{images: p}", first + "(and 2 more such images)");
    Files.delete(directory.resolve("p/a/0.png"));
    Files.delete(directory.resolve("p/b/2.png"));
    byte[] giant = good.clone();
    // Rows and columns of the header, and its checksum as it must be.
    System.arraycopy(HexFormat.of().parseHex("0001000000010000"), 0, giant, 16, 8);
    java.util.zip.CRC32 sum = new java.util.zip.CRC32();
    sum.update(giant, 12, 17);
    java.nio.ByteBuffer.wrap(giant).putInt(29, (int) sum.getValue());
    write("p/b/1.png", giant);
    refused(
        "{images: p}",
        "tarn: p/b/1.png: 65536 x 65536 pixels are too many; make the image smaller");
    refused("{images: none}", "tarn: none: no such directory");
  }

  @Test
  void runFiles() throws IOException {
    String good =
        "data: {set: iris}\nmodel: [dense: 3]\ntrain: {optimizer: adam, epochs: 1, batch: 8}\n"
            + "device: reference\n";
    Path file = directory.resolve("run.yaml");
    String[] marked = {"\uFEFF" + good, good.replace("\n", "\r\n")};
    for (String text : marked) {
      Files.writeString(file, text);
      assertEquals(0, Tarn.run("config", file.toString()).code());
    }
    StringBuilder laughs = new StringBuilder("a0: &a0 [x]\n");
    for (int i = 1; i < 12; i++) {
      laughs.append(
          "a%d: &a%d [%s*a%d]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(9), i - 1));
    }
    yaml(
        laughs + good,
        "run.yaml:1:1: unknown key 'a0'; expected one of name, data, model, train, seed, precision,"
            + " device, report");
    yaml(
        good.replace("{set: iris}", "!!javax.script.ScriptEngineManager [x]"),
        "run.yaml:1:7: tag 'tag:yaml.org,2002:javax.script.ScriptEngineManager': run files have no"
            + " tags; leave it out");
    yaml("[".repeat(5000), "run.yaml:1:42: more than 40 levels deep");
    yaml(
        good + "data: {set: digits}\n", "run.yaml:5:1: key 'data' is given twice; first at line 1");
    yaml(good + "--- x\n", "run.yaml:5:1: a second document; one is expected");

    yaml("\0\0\0", "run.yaml: not YAML: special characters are not allowed");
    yaml("", "run.yaml: nothing in it");
    Files.write(file, good.replace("iris", "größe").getBytes(StandardCharsets.ISO_8859_1));
    Tarn.Result result = Tarn.run("train", file.toString());
    assertEquals(2, result.code());
    assertEquals("tarn: " + file + ": not UTF-8 text; save it as UTF-8\n", result.err());
  }

  private void yaml(String text, String message) throws IOException {
    Path file = Files.writeString(directory.resolve("run.yaml"), text);
    Tarn.Result result = Tarn.run("train", file.toString());
    assertEquals("tarn: " + message, result.err().replace(directory + "/", "").strip());
    assertEquals(2, result.code());
  }
}
