package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Dataset;
import dev.tarn.internal.RandomStream;
import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Embedding;
import dev.tarn.nn.Module;
import dev.tarn.nn.MultiModule;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.EpochResult;
import dev.tarn.train.Metrics;
import dev.tarn.train.Term;
import dev.tarn.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of models with several inputs, outputs and losses that the pages have. */
final class DocumentedGraphTests {
  private static final int N = 12;
  private final HostTensor images = random(N, 1, 8, 8);
  private final HostTensor words = HostTensor.zeros(Spec.i32(N, 6));
  private final HostTensor labels = HostTensor.zeros(Spec.i32(N));
  private final HostTensor prices = random(N, 1);

  private static HostTensor random(int... dims) {
    RandomStream random = new RandomStream(1, "documented");
    HostTensor tensor = HostTensor.zeros(Spec.f32(dims));
    for (int i = 0; i < tensor.size(); i++) {
      tensor.set(i, random.nextGaussian());
    }
    return tensor;
  }

  // docs/layers.md
  static final class Offer extends MultiModule {
    final Conv2d conv = child("conv", Conv2d.filters(8).kernel(3).same());
    final Embedding words = child("words", Embedding.of(1000, 16));
    final Dense mix = child("mix", Dense.units(32));
    final Dense kind = child("kind", Dense.units(4));
    final Dense price = child("price", Dense.units(1));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      needInputs(inputs, 2);
      Tensor image = conv.forward(inputs.get(0), mode).relu().flatten(); // [N, 1, 8, 8] -> [N, 512]
      Tensor text = words.forward(inputs.get(1), mode).mean(1); // i32 [N, T] -> [N, 16]
      Tensor h = mix.forward(Tensor.concat(1, List.of(image, text)), mode).relu();
      return List.of(kind.forward(h, mode), price.forward(h, mode)); // [N, 4] and [N, 1]
    }
  }

  // docs/layers.md
  static final class Alike extends MultiModule {
    final Dense tower = child("tower", Dense.units(16));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      Tensor a = tower.forward(inputs.get(0), mode);
      Tensor b = tower.forward(inputs.get(1), mode);
      return List.of(a.mul(b).sum(1).unsqueeze(1));
    }
  }

  @Test
  void severalInputsAndOutputs() {
    try (Backend backend = new ReferenceBackend()) {
      // docs/losses.md
      Dataset data = ArrayDataset.of(List.of(images, words), List.of(labels, prices), 4, 0);
      Trainer trainer =
          Trainer.of(new Offer(), backend)
              .losses(
                  Term.of(0, Losses.crossEntropy()).named("kind"),
                  Term.of(1, Losses.huber(1)).weight(0.1).named("price"))
              .metrics(Metrics.accuracy().on(0))
              .optimizer(Adam.lr(1e-3))
              .build();
      List<EpochResult> results = trainer.fit(data.batch(4), null, 1);
      assertEquals(
          List.of("loss", "kind", "price", "accuracy.0"),
          List.copyOf(results.get(0).train().values().keySet()));
      // docs/layers.md
      List<HostTensor> predictions = trainer.predict(List.of(images, words));
      assertEquals(Spec.f32(N, 4), predictions.get(0).spec());
      assertEquals(Spec.f32(N, 1), predictions.get(1).spec());
      trainer.close();
    }
  }

  @Test
  void oneLayerTwice() {
    HostTensor x = random(N, 3);
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(new Alike(), backend).loss(Losses.mse()).optimizer(Adam.lr(0.01)).build()) {
      Dataset data = ArrayDataset.of(List.of(x, x), List.of(prices));
      List<EpochResult> results = trainer.fit(data.batch(N), null, 30);
      assertTrue(results.get(29).train().loss() < results.get(0).train().loss());
    }
  }

  // docs/optimizers.md
  static final class Gan extends MultiModule {
    final Module generator = child("generator", Sequential.of(Dense.units(16), Dense.units(2)));
    final Module discriminator =
        child("discriminator", Sequential.of(Dense.units(16), Dense.units(1)));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      Tensor fake = generator.forward(inputs.get(1), mode);
      return List.of(
          discriminator.forward(inputs.get(0), mode), discriminator.forward(fake, mode), fake);
    }
  }

  @Test
  void generatorAndDiscriminator() {
    HostTensor real = random(N, 2);
    HostTensor noise = random(N, 4);
    try (Backend backend = new ReferenceBackend()) {
      // docs/optimizers.md
      Loss bce = Losses.binaryCrossEntropyWithLogits();
      Trainer trainer =
          Trainer.of(new Gan(), backend)
              .losses(
                  Term.of(0, bce).constantTarget(1).trains("discriminator.*").named("real"),
                  Term.of(1, bce).constantTarget(0).trains("discriminator.*").named("fake"),
                  Term.of(1, bce).constantTarget(1).trains("generator.*").named("fooled"))
              .updates(
                  Updates.of(Adam.lr(4e-4)).group("generator.*", Adam.lr(1e-4).betas(0.5, 0.999)))
              .build();
      Dataset data = ArrayDataset.of(List.of(real, noise), List.of());
      trainer.fit(data.batch(64), null, 2);
      HostTensor made = trainer.predict(List.of(real, noise)).get(2);
      assertEquals(Spec.f32(N, 2), made.spec());
      trainer.close();
    }
  }

  /** Every line of the pages' examples is a line of this file. */
  @ParameterizedTest
  @CsvSource({
    "layers.md, Models of several inputs and outputs",
    "losses.md, Several losses",
    "optimizers.md, Several optimizers in one program"
  })
  void thePagesHaveTheseExamples(String page, String section) throws IOException {
    String source =
        lines(
            Files.readString(Path.of("src/test/java/dev/tarn/testkit/DocumentedGraphTests.java")));
    String text = Files.readString(Path.of("..", "docs", page));
    int from = text.indexOf("\n## " + section + "\n");
    assertTrue(from >= 0, "no section " + section);
    String rest = text.substring(from + 4);
    int next = rest.indexOf("\n## ");
    String[] parts = (next < 0 ? rest : rest.substring(0, next)).split("```");
    int found = 0;
    for (int i = 1; i < parts.length; i += 2) {
      if (parts[i].startsWith("java\n")) {
        found++;
        String example = lines(parts[i].substring(5));
        assertTrue(source.contains(example), () -> "not in this file:\n" + example);
      }
    }
    assertTrue(found > 0);
  }

  /** The code without its line breaks and other white space. */
  private static String lines(String code) {
    return code.lines()
        .filter(line -> !line.strip().startsWith("// docs/"))
        .flatMapToInt(String::chars)
        .filter(c -> !Character.isWhitespace(c))
        .mapToObj(c -> String.valueOf((char) c))
        .collect(Collectors.joining());
  }
}
