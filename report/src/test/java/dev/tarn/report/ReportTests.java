package dev.tarn.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

final class ReportTests {
  private static final String HOSTILE = "<script>alert('x')</script>&\"]]>\u0001";

  @TempDir Path directory = Path.of("");

  @Test
  void everySectionIsPresent() throws Exception {
    Document page = Samples.parse(Report.html(Samples.full("digits")));
    List<String> ids = new ArrayList<>();
    for (Element section : all(page, "section")) {
      ids.add(section.getAttribute("id"));
    }
    assertEquals(
        List.of(
            "summary",
            "diagnosis",
            "curves",
            "confusion",
            "mistakes",
            "layers",
            "graph",
            "configuration",
            "environment",
            "epochs"),
        ids);
    for (Element link : all(page, "a")) {
      assertTrue(ids.contains(link.getAttribute("href").substring(1)));
    }
    assertEquals(ids.size(), all(page, "a").size());
  }

  @Test
  void theResultIsOneSentence() {
    ReportData data =
        ReportData.of("digits", Samples.history())
            .test(new dev.tarn.train.Evaluation(Map.of("accuracy", 0.98889), 180))
            .build();
    String page = Report.html(data);
    assertTrue(
        page.contains(
            "The model reaches accuracy 98.9 % on 180 test examples after 20 epochs in 10 s; the"
                + " best was epoch 20."),
        page.substring(0, 200));
  }

  @Test
  void metricsHaveTheirUsualNames() {
    History history = Samples.history(3, i -> Map.of("mae", 1.0 / i, "f1_macro", 0.5));
    ReportData data =
        ReportData.of("homes", history)
            .test(new dev.tarn.train.Evaluation(Map.of("mae", 0.25), 180))
            .build();
    String page = Report.html(data);
    assertTrue(page.contains("The model reaches MAE 0.2500 on"), page);
    assertTrue(page.contains("<dt>Test MAE</dt>") && page.contains(">Validation F1 macro<"));
    assertFalse(page.replaceAll("<[^>]*>", "").matches("(?s).*\\b([Mm]ae|f1_macro)\\b.*"));
  }

  @Test
  void aConstantLearningRateIsASentence() {
    Map<String, Double> groups = new LinkedHashMap<>();
    groups.put("encoder.*", 1e-4);
    groups.put("head.*", 0.0);
    ReportData data = ReportData.of("digits", Samples.history()).groups(groups).build();
    String page = Report.html(data);
    assertTrue(
        page.contains(
            "The learning rate was 0.01 at the end of every epoch. Groups of parameters with their"
                + " own: encoder.* (1e-4 at the start), head.* (frozen)."),
        page);
    assertFalse(page.contains("learning-rate-title"));
    String falling = Report.html(Samples.full("digits"));
    assertTrue(falling.contains("learning-rate-title"));
    assertFalse(falling.contains("The learning rate was"));
  }

  @Test
  void everyTextIsEscaped() throws Exception {
    String page = Report.html(Samples.full(HOSTILE));
    assertFalse(page.contains("<script"), "a script got into the page");
    Document document = Samples.parse(page);
    assertEquals(0, all(document, "script").size());
    String shown = HOSTILE.replace('\u0001', '\ufffd');
    assertEquals(shown, all(document, "h1").get(0).getTextContent());
    assertEquals(shown, all(document, "pre").get(0).getTextContent());
    assertEquals(
        "true " + shown + ", predicted " + shown + " (75.0 %)",
        all(document, "img").get(0).getAttribute("alt"));
  }

  @Test
  void nothingComesFromOutside() {
    String page = Report.html(Samples.full("digits"));
    Matcher uses =
        Pattern.compile("(?:src|href|data|action|poster)=\"([^\"]*)\"|url\\(([^)]*)\\)|@import")
            .matcher(page);
    int found = 0;
    while (uses.find()) {
      String target = uses.group(1) != null ? uses.group(1) : String.valueOf(uses.group(2));
      assertTrue(target.startsWith("#") || target.startsWith("data:image/png;base64,"), target);
      found++;
    }
    assertTrue(found > 10);
    String rest = page.replaceAll("xmlns=\"http://www.w3.org/[^\"]*\"", "");
    assertFalse(rest.contains("http:") || rest.contains("https:"), "an address is left");
  }

  @Test
  void identifiersAreUniqueAndPicturesAreDescribed() throws Exception {
    Document page = Samples.parse(Report.html(Samples.full("digits")));
    Set<String> ids = new HashSet<>();
    for (Element element : all(page, "*")) {
      if (element.hasAttribute("id")) {
        assertTrue(ids.add(element.getAttribute("id")), element.getAttribute("id"));
      }
    }
    for (Element element : all(page, "*")) {
      if (element.hasAttribute("aria-labelledby")) {
        assertTrue(ids.contains(element.getAttribute("aria-labelledby")));
      }
      Matcher clip = Pattern.compile("url\\(#(.*)\\)").matcher(element.getAttribute("clip-path"));
      assertTrue(!clip.matches() || ids.contains(clip.group(1)));
    }
    for (Element svg : all(page, "svg")) {
      assertEquals("img", svg.getAttribute("role"));
      assertTrue(svg.hasAttribute("aria-labelledby"));
    }
    for (Element header : all(page, "th")) {
      assertTrue(header.hasAttribute("scope"));
    }
  }

  @Test
  void whatIsNotGivenIsLeftOut() throws Exception {
    ReportData data = ReportData.of("empty", new History(List.of())).build();
    Document page = Samples.parse(Report.html(data));
    assertEquals(0, all(page, "section").size());
    assertTrue(all(page, "p").get(0).getTextContent().contains("No epoch has ended yet"));
  }

  @Test
  void writesIntoARunDirectory() throws Exception {
    ReportData data = Samples.full("digits");
    Path file = Report.write(directory, data);
    assertEquals(directory.resolve("report.html"), file);
    assertEquals(Report.html(data), Files.readString(file));
    List<String> names =
        Report.writePictures(directory.resolve("pictures"), data, true).stream()
            .map(path -> path.getFileName().toString())
            .toList();
    assertTrue(
        names.containsAll(
            List.of(
                "graph.dot",
                "loss.svg",
                "loss.png",
                "digits.svg",
                "learning-rate.svg",
                "learning-rate-finder.svg",
                "confusion.svg",
                "mistakes.png",
                "graph.svg")),
        names.toString());
    for (String name : names) {
      if (name.endsWith(".svg")) {
        Samples.parse(Files.readString(directory.resolve("pictures").resolve(name)));
      }
    }
  }

  @Test
  void layersAreThoseOfTheModel() {
    List<LayerRow> rows =
        LayerRow.of(
            Samples.config().model(), Samples.config().load().split().train().features().get(0));
    assertEquals(
        List.of(
            new LayerRow("conv2d1", "Conv2d", "[4,8,8]", 4 * 9 + 4),
            new LayerRow("relu1", "Relu", "[4,8,8]", 0),
            new LayerRow("flatten1", "Flatten", "[256]", 0),
            new LayerRow("dense1", "Dense", "[10]", 2570)),
        rows);
  }

  private static List<Element> all(Document page, String name) {
    NodeList nodes = page.getElementsByTagName(name);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }
}
