package dev.tarn.report;

import dev.tarn.TarnException;
import dev.tarn.train.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The report of a training: one HTML file that holds all it shows, needs no network and no script,
 * and reads on paper, on a phone and in the dark.
 *
 * <pre>{@code
 * ReportData data =
 *     ReportData.of("digits-1", History.read(run)).configuration(yaml).program(step).build();
 * Path file = Report.write(run, data);
 * }</pre>
 */
public final class Report {
  private static final String CONFUSIONS = "Most frequent confusions";
  private static final int CONFUSIONS_SHOWN = 10;

  /** Longer tables of epochs show every n-th. */
  private static final int EPOCHS_SHOWN = 200;

  private final ReportData data;
  private final Page page = new Page();

  private Report(ReportData data) {
    this.data = data;
  }

  /**
   * Writes {@code report.html} into a run directory, in place of one that is there.
   *
   * @return the file
   * @throws TarnException if it cannot be written, or the system has no fonts
   */
  public static Path write(Path runDirectory, ReportData data) {
    Path file = runDirectory.resolve("report.html");
    AtomicFile.write(file, html(data));
    return file;
  }

  /**
   * Writes every picture of the data into a directory, which is made if it is missing: {@code
   * loss.svg}, {@code confusion.svg} and so on; with a graph, {@code graph.dot} too.
   *
   * @param png whether PNG files are written as well, of twice the usual size
   * @return the files
   * @throws TarnException if one cannot be written, or the system has no fonts
   */
  public static List<Path> writePictures(Path directory, ReportData data, boolean png) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new TarnException(directory + ": cannot be made: " + AtomicFile.reason(e), e);
    }
    List<Path> files = new ArrayList<>();
    List<Picture> pictures = new ArrayList<>(charts(data).values());
    if (data.confusion() != null) {
      pictures.add(Pictures.confusion(data.confusion()));
    }
    if (!data.mistakes().isEmpty()) {
      pictures.add(Pictures.mistakes(data.mistakes()));
    }
    if (data.program() != null) {
      ModelGraph graph = ModelGraph.of(data.program(), ModelGraph.Level.LAYERS);
      pictures.add(Pictures.graph(graph));
      files.add(directory.resolve("graph.dot"));
      AtomicFile.write(directory.resolve("graph.dot"), Pictures.dot(graph));
    }
    for (Picture picture : pictures) {
      Path svg = directory.resolve(picture.name() + ".svg");
      AtomicFile.write(svg, picture.svg());
      files.add(svg);
      if (png) {
        Path file = directory.resolve(picture.name() + ".png");
        ByteBuffer bytes = ByteBuffer.wrap(picture.png(2));
        AtomicFile.write(file, channel -> AtomicFile.writeFully(channel, bytes));
        files.add(file);
      }
    }
    return files;
  }

  /**
   * The report as a text.
   *
   * @throws TarnException if the system has no fonts
   */
  public static String html(ReportData data) {
    return new Report(data).html();
  }

  private static Map<String, Picture> charts(ReportData data) {
    Map<String, Picture> charts = new LinkedHashMap<>();
    List<Picture> all = new ArrayList<>();
    Set<String> names = data.history().names();
    for (String name : names) {
      Pictures.curve(data.history(), name).ifPresent(all::add);
    }
    LearningRates rates = new LearningRates(data);
    if (!rates.constant()) {
      rates.chart().ifPresent(all::add);
    }
    if (data.finder() != null) {
      Pictures.learningRateFinder(data.finder(), data.suggested()).ifPresent(all::add);
    }
    all.forEach(picture -> charts.putIfAbsent(picture.name(), picture));
    return charts;
  }

  private String html() {
    Summary summary = new Summary(data);
    summary(summary);
    findings();
    charts();
    confusion();
    mistakes();
    layers();
    graph();
    configuration();
    environment();
    epochs();
    return page.html(data.name(), summary.sentence(), style());
  }

  private static String style() {
    try (InputStream in =
        Objects.requireNonNull(Report.class.getResourceAsStream("report.css"), "report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8) + Theme.darkRules();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void summary(Summary summary) {
    if (summary.facts().isEmpty()) {
      return;
    }
    page.section("summary", "Summary");
    facts("tiles", summary.facts());
    page.end();
  }

  private void facts(String cssClass, Map<String, String> facts) {
    page.open("dl", cssClass);
    facts.forEach(
        (name, value) -> {
          page.open("div", "");
          page.element("dt", "", name);
          page.element("dd", "", value);
          page.close("div");
        });
    page.close("dl");
  }

  private void findings() {
    if (data.findings().isEmpty()) {
      return;
    }
    page.section("diagnosis", "Diagnosis");
    page.open("ul", "findings");
    for (Finding finding : data.findings()) {
      String severity = finding.severity().name().toLowerCase(Locale.ROOT);
      page.open("li", severity);
      page.element("strong", "", Texts.title(severity) + ":");
      page.element("span", "", finding.text());
      page.close("li");
    }
    page.close("ul");
    page.end();
  }

  private void charts() {
    Map<String, Picture> charts = charts(data);
    if (charts.isEmpty()) {
      return;
    }
    page.section("curves", "Curves");
    page.open("div", "charts");
    charts.values().forEach(page::chart);
    page.close("div");
    String rates = new LearningRates(data).sentence();
    if (!rates.isEmpty()) {
      page.paragraph(rates);
    }
    page.end();
  }

  private void confusion() {
    ConfusionMatrix matrix = data.confusion();
    if (matrix == null) {
      return;
    }
    page.section("confusion", "Confusion matrix");
    page.paragraph(
        String.format(
            "%s of %s%s are right. A row is a true class, a column a predicted one; the colour is"
                + " the share of the row.",
            Texts.count(matrix.correct()),
            Texts.count(matrix.examples(), "example"),
            data.confusionOf().isEmpty() ? "" : " (" + data.confusionOf() + ")"));
    page.picture(Pictures.confusion(matrix));
    List<List<String>> rows = new ArrayList<>();
    for (ConfusionMatrix.Confusion confusion : matrix.confusions(CONFUSIONS_SHOWN)) {
      rows.add(
          List.of(
              confusion.truth(),
              confusion.predicted(),
              Texts.count(confusion.count()),
              Texts.percent(confusion.share())));
    }
    if (!rows.isEmpty()) {
      page.table(CONFUSIONS, 2, List.of("True", "Predicted", "Count", "Share of true"), rows);
    }
    page.end();
  }

  private void mistakes() {
    if (data.mistakes().isEmpty()) {
      return;
    }
    page.section("mistakes", "Worst mistakes");
    page.paragraph(
        "Examples of which the model was surest while it was wrong"
            + (data.confusionOf().isEmpty() ? "." : " (" + data.confusionOf() + ")."));
    page.open("ul", "mistakes");
    for (Mistake mistake : data.mistakes()) {
      page.open("li", "");
      page.image(SvgGraphics.dataUri(Images.of(mistake.image())), mistake.caption());
      page.element("span", "truth", "true " + mistake.truth());
      page.element(
          "span",
          "taken",
          "predicted " + mistake.predicted() + ", " + Texts.percent(mistake.probability()));
      page.close("li");
    }
    page.close("ul");
    page.end();
  }

  private void layers() {
    if (data.layers().isEmpty()) {
      return;
    }
    page.section("layers", "Layers");
    List<List<String>> rows = new ArrayList<>();
    for (LayerRow layer : data.layers()) {
      rows.add(
          List.of(layer.name(), layer.kind(), layer.output(), Texts.count(layer.parameters())));
    }
    long total = data.layers().stream().mapToLong(LayerRow::parameters).sum();
    rows.add(List.of("Total", "", "", Texts.count(total)));
    page.table(
        "Shapes are those of one example.",
        3,
        List.of("Name", "Kind", "Output shape", "Parameters"),
        rows);
    page.end();
  }

  private void graph() {
    if (data.program() == null) {
      return;
    }
    page.section("graph", "Graph");
    page.paragraph(
        "What a training step computes: forward down, backward up. Shapes on the edges begin with"
            + " the size of a batch.");
    page.picture(Pictures.graph(ModelGraph.of(data.program(), ModelGraph.Level.LAYERS)));
    page.end();
  }

  private void configuration() {
    if (!data.configuration().isEmpty()) {
      page.section("configuration", "Configuration");
      page.element("pre", "", data.configuration());
      page.end();
    }
  }

  private void environment() {
    if (!data.environment().isEmpty()) {
      page.section("environment", "Environment");
      facts("facts", data.environment());
      page.end();
    }
  }

  private void epochs() {
    List<History.Epoch> epochs = data.history().epochs();
    if (epochs.isEmpty()) {
      return;
    }
    page.section("epochs", "Epochs");
    List<String> header = new ArrayList<>(List.of("Epoch", "Step"));
    boolean validates = data.history().validates();
    for (String name : data.history().names()) {
      header.add("Training " + Texts.name(name));
      if (validates) {
        header.add("Validation " + Texts.name(name));
      }
    }
    header.add("Seconds");
    int every = (epochs.size() + EPOCHS_SHOWN - 1) / EPOCHS_SHOWN;
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < epochs.size(); i++) {
      if (i % every == 0 || i == epochs.size() - 1) {
        rows.add(row(epochs.get(i), validates));
      }
    }
    String caption = every == 1 ? "All epochs" : "Every " + every + "th epoch";
    page.table(caption, 0, header, rows);
    page.end();
  }

  private List<String> row(History.Epoch epoch, boolean validates) {
    List<String> row = new ArrayList<>();
    row.add(String.valueOf(epoch.number()));
    row.add(Texts.count(epoch.step()));
    for (String name : data.history().names()) {
      row.add(cell(epoch.train(), name));
      if (validates) {
        row.add(cell(epoch.validation(), name));
      }
    }
    row.add(Texts.value(epoch.seconds()));
    return row;
  }

  private static String cell(Map<String, Double> values, String name) {
    Double value = values.get(name);
    return value == null ? "" : Texts.value(value);
  }
}
