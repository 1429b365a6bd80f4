package dev.tarn.testkit;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Embedding;
import dev.tarn.nn.Module;
import dev.tarn.nn.MultiModule;
import java.util.List;

/** Models of several inputs and outputs. */
final class GraphModels {
  private GraphModels() {}

  /** An image and two numbers to ten classes. */
  static final class ImageAndNumbers extends MultiModule {
    private final Conv2d conv = child("conv", Conv2d.filters(4).kernel(3).same());
    private final Embedding numbers = child("numbers", Embedding.of(7, 5));
    private final Dropout drop = child("drop", Dropout.rate(0.2));
    private final Dense hidden = child("hidden", Dense.units(12));
    private final Dense out = child("out", Dense.units(10));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      needInputs(inputs, 2);
      Tensor image = conv.forward(inputs.get(0), mode).tanh().flatten();
      Tensor words = numbers.forward(inputs.get(1), mode).flatten();
      Tensor both = drop.forward(Tensor.concat(1, List.of(image, words)), mode);
      return List.of(out.forward(hidden.forward(both, mode).tanh(), mode));
    }
  }

  /** A vector f32 [N, 5] and words i32 [N, 3] to logits [N, 4] and numbers [N, 2]. */
  static final class TwoInputs extends MultiModule {
    private final Embedding words = child("words", Embedding.of(6, 4));
    private final Dense image = child("image", Dense.units(6));
    private final Dense shared = child("shared", Dense.units(4));
    private final Dense classes = child("classes", Dense.units(4));
    private final Dense value = child("value", Dense.units(2));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      needInputs(inputs, 2);
      Tensor mean = words.forward(inputs.get(1), mode).mean(1);
      Tensor once = shared.forward(mean, mode).tanh();
      Tensor twice = shared.forward(once, mode).tanh();
      Tensor both = Tensor.concat(1, List.of(image.forward(inputs.get(0), mode).tanh(), twice));
      return List.of(classes.forward(both, mode), value.forward(both, mode));
    }
  }

  /** Two dense layers with a tanh between them. */
  static final class Player extends Module {
    private final Dense fc1;
    private final Dense out;

    Player(int hidden, int outputs) {
      fc1 = child("fc1", Dense.units(hidden));
      out = child("out", Dense.units(outputs));
    }

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(fc1.forward(x, mode).tanh(), mode);
    }
  }

  /** What the discriminator thinks of the real [N, 3], and of what is made of the noise [N, 2]. */
  static final class Gan extends MultiModule {
    private final Player generator = child("generator", new Player(5, 3));
    private final Player discriminator = child("discriminator", new Player(6, 1));

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
      needInputs(inputs, 2);
      Tensor fake = generator.forward(inputs.get(1), mode);
      return List.of(
          discriminator.forward(inputs.get(0), mode), discriminator.forward(fake, mode), fake);
    }
  }

  /** A few words i32 [N, T] to three classes. */
  static final class Text extends Module {
    private final Embedding words = child("words", Embedding.of(20, 8));
    private final Dense out = child("out", Dense.units(3));

    @Override
    public Tensor forward(Tensor numbers, Mode mode) {
      return out.forward(words.forward(numbers, mode).mean(1), mode);
    }
  }
}
