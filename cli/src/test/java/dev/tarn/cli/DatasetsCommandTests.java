package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import dev.tarn.data.NamedDataset;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What 'tarn datasets' tells of sets that are here, are not, or are damaged, and downloads. */
final class DatasetsCommandTests {
  @TempDir private Path directory;
  private String before = "";

  @BeforeEach
  void dataDirectory() {
    before = System.getProperty(NamedDataset.DIRECTORY, "");
    System.setProperty(NamedDataset.DIRECTORY, directory.toString());
  }

  @AfterEach
  void restore() {
    if (before.isEmpty()) {
      System.clearProperty(NamedDataset.DIRECTORY);
    } else {
      System.setProperty(NamedDataset.DIRECTORY, before);
    }
  }

  private void files(String... names) throws IOException {
    Path place = Files.createDirectories(directory.resolve("mnist"));
    for (String name : names) {
      Files.write(place.resolve(name), new byte[] {1, 2, 3});
    }
  }

  @Test
  void whereAndHow() throws IOException {
    Path place = directory.resolve("mnist");
    String text = Tarn.run("datasets").out();
    assertTrue(text.contains("  looked in     " + place + "\n"), text);
    assertTrue(
        text.contains("  to get it     'tarn datasets --download mnist' puts it into"), text);
    assertFalse(text.contains("sha256"), text);
    text = Tarn.run("datasets", "mnist").out();
    // The checksum of the training images, as they are known elsewhere, and their size: 16 bytes
    // and 60,000 images of 28 x 28.
    assertTrue(
        text.contains("sha256 ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        text);
    assertTrue(text.contains("47,040,016 bytes"), text);
    assertTrue(text.contains("  download from https://"), text);
    text.lines()
        .filter(line -> !line.contains("sha256") && !line.contains(directory.toString()))
        .forEach(line -> assertTrue(line.length() <= 80, line));
    files("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte");
    text = Tarn.run("datasets", "mnist").out();
    assertTrue(
        text.replaceAll("\\s+", " ").contains(", which has no t10k-images-idx3-ubyte"), text);
  }

  @Test
  void checksums() throws IOException {
    files(
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte.gz");
    Tarn.Result found = Tarn.ok("datasets", "mnist");
    assertTrue(found.out().contains("  here          yes, in " + directory.resolve("mnist")));
    Tarn.Result checked = Tarn.run("datasets", "mnist", "--check", "--json");
    assertEquals(1, checked.code());
    JsonArray all = JsonParser.parseString(checked.out()).getAsJsonArray();
    JsonObject mnist = all.get(0).getAsJsonObject();
    assertEquals(4, mnist.getAsJsonArray("changed").size());
    assertEquals(4, mnist.getAsJsonArray("files").size());
    assertEquals(directory.resolve("mnist").toString(), mnist.get("directory").getAsString());
    assertTrue(Tarn.run("datasets", "mnist", "--check").out().contains("another checksum"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--download | tarn: which set? For example: tarn datasets --download mnist",
        "mnist --from http://localhost/ | tarn: --from goes with --download",
        "mnist --download --check | tarn: --download goes alone, or with --from",
        "mnist --download --from ftp://x/ | tarn: --from: expected http://... or https://..., found 'ftp://x/'",
        "mnist --download --from data | tarn: --from: expected http://... or https://..., found 'data'",
        "minst --download | tarn: no data set 'minst'; there are [digits, iris, mnist, fashion-mnist, cifar10]",
      })
  void wrongUsage(String line, String message) {
    Tarn.Result result = Tarn.run(("datasets " + line).split(" "));
    assertEquals(List.of(message, "See 'tarn help datasets'."), result.errors());
    assertEquals(2, result.code());
  }

  @Test
  void downloads() throws IOException {
    assertEquals("iris comes with Tarn\n", Tarn.run("datasets", "--download", "iris").out());
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/sets/",
        exchange -> {
          byte[] body = "something else".getBytes();
          boolean archive = exchange.getRequestURI().getPath().endsWith("cifar-10-binary.tar.gz");
          exchange.sendResponseHeaders(archive ? 404 : 200, archive ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      String from = "http://localhost:" + server.getAddress().getPort() + "/sets";
      Tarn.Result mnist = Tarn.run("datasets", "mnist", "--download", "--from", from);
      assertEquals(1, mnist.code());
      assertEquals(2, mnist.errors().size(), mnist.err());
      assertEquals(
          "tarn: mnist: no train-images-idx3-ubyte.gz (localhost: gave something else: wrong"
              + " checksum)",
          mnist.errors().get(0));
      assertEquals(0, Files.list(directory.resolve("mnist")).count());
      Tarn.Result cifar = Tarn.run("datasets", "cifar10", "--download", "--from", from);
      assertEquals(1, cifar.code());
      assertEquals(
          "tarn: cifar10: no cifar-10-binary.tar.gz (localhost: HTTP status 404)",
          cifar.errors().get(0));
    } finally {
      server.stop(0);
    }
  }
}
