package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.config.RunConfig;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Trainer;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Starts the packaged application as a user does, and asks it. */
class FlowersIT {
  private static final Path MODEL = Path.of("target/flowers.safetensors");
  private static final Path LOG = Path.of("target/flowers.log");

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static Process application;
  private static int port;

  /** What {@code tarn train flowers.yaml} does. */
  private static void train() {
    RunConfig config = RunConfig.read(Path.of("flowers.yaml"), List.of());
    Prepared data = config.load();
    try (Backend backend = Backends.auto();
        Trainer trainer =
            Trainer.of(config.model(), backend)
                .loss(config.train().loss())
                .updates(config.train().updates(1))
                .seed(config.seed())
                .build()) {
      trainer.fit(data.split().train().batch(16), data.split().validation(), 40);
      trainer.save(
          MODEL,
          Map.of(
              RunDirectory.CONFIG, config.toYaml(),
              RunDirectory.PREPROCESSING, data.preprocessing().toJson()));
    }
  }

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    train();
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    application =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // so that the native libraries come out of this jar, not out of the user's cache
                "-Dorg.bytedeco.javacpp.cachedir=target/natives",
                "-jar",
                "target/flowers.jar",
                "--server.address=127.0.0.1",
                "--server.port=" + port,
                "--model=" + MODEL)
            .redirectErrorStream(true)
            .redirectOutput(LOG.toFile())
            .start();
    for (int i = 0; !Files.readString(LOG).contains("Started Application"); i++) {
      assertTrue(application.isAlive() && i < 1200, () -> "it does not start: see " + LOG);
      Thread.sleep(100);
    }
  }

  @AfterAll
  static void stop() throws InterruptedException {
    application.destroy();
    application.waitFor();
  }

  private static HttpResponse<String> post(String row) throws IOException, InterruptedException {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/predict"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(row))
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void predictsTheSpecies() throws IOException, InterruptedException {
    HttpResponse<String> answer =
        post(
            """
            {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
            """);
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(answer.body().startsWith("{\"label\":\"setosa\",\"probabilities\":{"), answer.body());
    assertTrue(Files.readString(LOG).contains("device cpu: oneDNN"));
  }

  @Test
  void saysWhatIsWrongWithARow() throws IOException, InterruptedException {
    HttpResponse<String> answer = post("{\"sepal_length\": 5.1}");
    assertEquals(400, answer.statusCode());
    assertTrue(answer.body().contains("there is no 'sepal_width'"), answer.body());
  }
}
