package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.tarn.TarnException;
import dev.tarn.data.NamedDataset;
import dev.tarn.data.NamedDataset.DataPart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from servers on this machine that do what servers do. */
final class DatasetDownloadTests {
  private static final byte[] FIRST = content(200_000, 1);
  private static final byte[] SECOND = content(700, 2);

  @TempDir private Path directory;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch done = new CountDownLatch(1);
  private final AtomicInteger requests = new AtomicInteger();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    done.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private static byte[] content(int size, int seed) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (i * i * 31 / 7 + seed * i);
    }
    return bytes;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  private static DataPart part(String name, byte[] bytes) {
    try {
      String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
      return new DataPart(name, bytes.length, sum);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static NamedDataset set(@Nullable String archive) {
    return new NamedDataset(
        "small", "", "", List.of(part("a", FIRST), part("b", SECOND)), archive, List.of(), "");
  }

  private URI serve(String path, HttpHandler handler) {
    server.createContext(path, handler);
    String directory = path.substring(0, path.lastIndexOf('/') + 1);
    return URI.create("http://localhost:" + server.getAddress().getPort() + directory);
  }

  private HttpHandler bytes(byte[] body) {
    return exchange -> {
      requests.incrementAndGet();
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    };
  }

  /** A mirror that has both files. */
  private URI sound(String path) throws IOException {
    serve(path + "b.gz", bytes(gzip(SECOND)));
    return serve(path + "a.gz", bytes(gzip(FIRST)));
  }

  private String run(@Nullable String archive, URI... mirrors) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream lines = new PrintStream(out, true, StandardCharsets.UTF_8);
    Download download = new Download(Duration.ofSeconds(1));
    new DatasetDownload(set(archive), directory, List.of(mirrors), download, lines, false).run();
    return out.toString(StandardCharsets.UTF_8);
  }

  /** What is there in the directory: never a part. */
  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  /** The first line's reason, once nothing half is left. */
  private String refused(URI... mirrors) throws IOException {
    String message = assertThrows(TarnException.class, () -> run(null, mirrors)).getMessage();
    List<String> lines = message.lines().toList();
    assertEquals(2, lines.size(), message);
    assertEquals(
        "Check the network (behind a proxy: TARN_JAVA_OPTS=-Dhttps.proxyHost=HOST), or put the file"
            + " into "
            + directory,
        lines.get(1));
    assertEquals(List.of(), files());
    String start = "small: no a.gz (";
    assertTrue(lines.get(0).startsWith(start), message);
    return lines.get(0).substring(start.length(), lines.get(0).length() - 1);
  }

  @Test
  void filesComeAndAreChecked() throws IOException {
    String text = run(null, sound("/data/"));
    assertEquals(List.of("a.gz", "b.gz"), files());
    assertArrayEquals(gzip(FIRST), Files.readAllBytes(directory.resolve("a.gz")));
    // As readable as any other new file is.
    Path other = Files.createFile(directory.resolve("other"));
    assertEquals(
        Files.getPosixFilePermissions(other),
        Files.getPosixFilePermissions(directory.resolve("a.gz")));
    assertEquals(List.of(), set(null).changed(directory));
    assertTrue(text.endsWith("small is in " + directory + System.lineSeparator()), text);
    assertTrue(text.contains("b.gz  ") && text.contains(" from localhost"), text);
  }

  @Test
  void onlyWhatIsMissingOrDamagedComes() throws IOException {
    Files.write(directory.resolve("a"), Arrays.copyOf(FIRST, 50));
    Files.write(directory.resolve("b"), SECOND);
    run(null, sound("/data/"));
    assertEquals(1, requests.get());
    assertEquals(List.of("a.gz", "b"), files());
    assertEquals(List.of(), set(null).changed(directory));
  }

  @Test
  void mirrorsInTurn() throws IOException {
    URI empty = serve("/none/", exchange -> answer(exchange, 404));
    run(null, empty, sound("/data/"));
    assertEquals(List.of("a.gz", "b.gz"), files());
  }

  private static void answer(HttpExchange exchange, int status) throws IOException {
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  @Test
  void redirections() throws IOException {
    sound("/data/");
    URI moved =
        serve(
            "/old/",
            exchange -> {
              String path = exchange.getRequestURI().getPath().replace("/old/", "/data/");
              exchange.getResponseHeaders().add("Location", path);
              answer(exchange, 302);
            });
    run(null, moved);
    assertEquals(List.of("a.gz", "b.gz"), files());
    URI circle =
        serve(
            "/circle/",
            exchange -> {
              exchange.getResponseHeaders().add("Location", "/circle/a.gz");
              answer(exchange, 302);
            });
    Files.delete(directory.resolve("a.gz"));
    Files.delete(directory.resolve("b.gz"));
    assertEquals("localhost: HTTP status 302", refused(circle));
  }

  @Test
  void whatServersDoWrong() throws IOException {
    assertEquals(
        "localhost: HTTP status 404", refused(serve("/none/", exchange -> answer(exchange, 404))));
    assertEquals(
        "localhost: HTTP status 503; localhost: gave something else: wrong checksum",
        refused(
            serve("/busy/", exchange -> answer(exchange, 503)),
            serve("/other/a.gz", bytes(gzip(SECOND)))));
    assertEquals(
        "localhost: gave something else: wrong checksum",
        refused(serve("/page/a.gz", bytes("<html>not here</html>".getBytes()))));
    byte[] whole = gzip(FIRST);
    assertEquals(
        "localhost: gave something else: wrong checksum",
        refused(serve("/half/a.gz", bytes(Arrays.copyOf(whole, whole.length / 2)))));
    String broken =
        refused(
            serve(
                "/broken/a.gz",
                exchange -> {
                  exchange.sendResponseHeaders(200, whole.length);
                  exchange.getResponseBody().write(whole, 0, whole.length / 2);
                  exchange.close();
                }));
    assertTrue(broken.startsWith("localhost: broke off: "), broken);
    assertEquals(
        "localhost: larger than the 1.2 MB expected at most",
        refused(serve("/large/a.gz", bytes(new byte[1_300_000]))));
    String endless =
        refused(
            serve(
                "/endless/a.gz",
                exchange -> {
                  exchange.sendResponseHeaders(200, 0);
                  for (int i = 0; i < 100; i++) {
                    exchange.getResponseBody().write(new byte[1 << 16]);
                  }
                }));
    assertEquals("localhost: larger than the 1.2 MB expected at most", endless);
  }

  @Test
  void slowServers() throws IOException {
    assertEquals(
        "localhost: no answer within 1 s", refused(serve("/silent/a.gz", exchange -> await())));
    assertEquals(
        "localhost: nothing came for 1 s",
        refused(
            serve(
                "/stuck/a.gz",
                exchange -> {
                  exchange.sendResponseHeaders(200, 5000);
                  exchange.getResponseBody().write(new byte[100]);
                  exchange.getResponseBody().flush();
                  await();
                })));
  }

  private void await() {
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ctrl-C: nothing half is left. */
  @Test
  void interrupted() throws IOException, InterruptedException {
    CountDownLatch half = new CountDownLatch(1);
    URI stuck =
        serve(
            "/stuck/",
            exchange -> {
              exchange.sendResponseHeaders(200, 5000);
              exchange.getResponseBody().write(new byte[100]);
              exchange.getResponseBody().flush();
              half.countDown();
              await();
            });
    Tarn.Child child =
        new Tarn.Child(
            Tarn.command(
                List.of("-Dtarn.data=" + directory),
                "datasets",
                "--download",
                "mnist",
                "--from",
                stuck.toString()));
    half.await();
    child.signal("INT");
    Tarn.Result result = child.await();
    assertEquals(130, result.code(), result.err());
    try (Stream<Path> left = Files.list(directory.resolve("mnist"))) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void nobodyThere() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    assertEquals("localhost: no connection", refused(URI.create("http://localhost:" + port + "/")));
    assertEquals(
        "no-such-host.invalid: no such host, or no network",
        refused(URI.create("http://no-such-host.invalid/")));
  }

  @Test
  void placesThatCannotBeWritten() throws IOException {
    URI mirror = sound("/data/");
    Path file = Files.writeString(directory.resolve("file"), "");
    TarnException e =
        assertThrows(
            TarnException.class,
            () ->
                new DatasetDownload(
                        set(null),
                        file.resolve("small"),
                        List.of(mirror),
                        new Download(Duration.ofSeconds(1)),
                        new PrintStream(new ByteArrayOutputStream()),
                        false)
                    .run());
    assertTrue(
        e.getMessage().startsWith(file.resolve("small") + ": cannot be written: "), e.getMessage());
    assertTrue(e.getMessage().endsWith("; TARN_DATA=DIR names another directory"));
    assertEquals(0, requests.get());
  }

  private static byte[] tar(Object... namesAndContents) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < namesAndContents.length; i += 2) {
      byte[] header = new byte[512];
      byte[] name = ((String) namesAndContents[i]).getBytes(StandardCharsets.US_ASCII);
      byte[] content = (byte[]) namesAndContents[i + 1];
      System.arraycopy(name, 0, header, 0, name.length);
      byte[] size = String.format("%011o", content.length).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(size, 0, header, 124, 11);
      out.writeBytes(header);
      out.writeBytes(content);
      out.writeBytes(new byte[(512 - content.length % 512) % 512]);
    }
    out.writeBytes(new byte[1024]);
    return out.toByteArray();
  }

  @Test
  void anArchive() throws IOException {
    byte[] archive = gzip(tar("x/", new byte[0], "x/b", SECOND, "x/readme", FIRST, "x/a", FIRST));
    String text = run("all.tar.gz", serve("/tar/all.tar.gz", bytes(archive)));
    assertEquals(List.of("a", "b"), files());
    assertEquals(List.of(), set(null).changed(directory));
    assertTrue(text.startsWith("all.tar.gz  "), text);
    for (String file : files()) {
      Files.delete(directory.resolve(file));
    }
    assertEquals(
        "gave something else: wrong checksum",
        archiveRefused(1, gzip(tar("a", content(200_000, 3), "b", SECOND))));
    assertEquals("gave an archive without b", archiveRefused(2, gzip(tar("a", FIRST))));
    Files.delete(directory.resolve("a"));
    assertEquals(
        "gave a damaged archive: not an archive of tar",
        archiveRefused(3, gzip("text".repeat(500).getBytes(StandardCharsets.US_ASCII))));
    String cut = archiveRefused(4, Arrays.copyOf(archive, archive.length / 3));
    assertTrue(cut.startsWith("gave a damaged archive: "), cut);
    assertEquals("gave a damaged archive: Not in GZIP format", archiveRefused(5, tar("a", FIRST)));
    assertEquals("gave an archive without a", archiveRefused(6, gzip(new byte[0])));
  }

  private String archiveRefused(int number, byte[] archive) throws IOException {
    URI mirror = serve("/t" + number + "/all.tar.gz", bytes(archive));
    String message =
        assertThrows(TarnException.class, () -> run("all.tar.gz", mirror)).getMessage();
    assertTrue(files().stream().noneMatch(file -> file.endsWith(".part")), message);
    String line = message.lines().findFirst().orElse("");
    return line.substring("small: no all.tar.gz (localhost: ".length(), line.length() - 1);
  }
}
