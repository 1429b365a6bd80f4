package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Origin;
import java.util.ArrayList;
import java.util.List;

/** Modules one after another, each given the output of the one before. */
public sealed class Sequential extends Module permits Residual {
  private record Layer(Module module, Origin origin) {}

  private final List<Layer> layers = new ArrayList<>();

  /** An empty chain, which gives its input. */
  public Sequential() {}

  /** A chain of modules, named by their positions from 0. */
  public static Sequential of(Module... modules) {
    Sequential chain = new Sequential();
    for (Module module : modules) {
      chain.add(String.valueOf(chain.layers.size()), module);
    }
    return chain;
  }

  /**
   * Appends a module.
   *
   * @param name its name in paths
   */
  public Sequential add(String name, Module module) {
    return add(name, module, Origin.NONE);
  }

  /**
   * Appends a module that was declared elsewhere than in Java.
   *
   * @param name its name in paths
   * @param origin where it was declared, for instance {@code digits.yaml:7}, for messages; {@link
   *     Origin#NONE} if the Java source line says it
   */
  public Sequential add(String name, Module module, Origin origin) {
    layers.add(new Layer(child(name, module), origin));
    return this;
  }

  /**
   * Appends a module that is part of the model already: it is used once more, with the same
   * parameters, and keeps its path.
   *
   * @param origin where it is used, as in {@link #add(String, Module, Origin)}
   */
  public Sequential share(Module module, Origin origin) {
    layers.add(new Layer(module, origin));
    return this;
  }

  /** The modules in the order in which they are used; a shared one is there more than once. */
  public final List<Module> modules() {
    return layers.stream().map(Layer::module).toList();
  }

  /**
   * The output for one input; or for several, where the first module takes as many and has one
   * output.
   *
   * @throws dev.tarn.ShapeException if the inputs do not fit
   */
  @Override
  public List<Tensor> forward(List<Tensor> inputs, Mode mode) {
    if (inputs.size() == 1
        || this instanceof Residual
        || layers.isEmpty()
        || !(layers.get(0).module() instanceof MultiModule first)) {
      return super.forward(inputs, mode);
    }
    Trace trace = inputs.get(0).trace();
    return trace.in(this, path(), inputs, () -> List.of(joined(trace, first, inputs, mode)));
  }

  private Tensor joined(Trace trace, Module first, List<Tensor> inputs, Mode mode) {
    List<Tensor> outputs = trace.in(first, first.path(), inputs, () -> first.forward(inputs, mode));
    if (outputs.size() != 1) {
      throw trace.failure(
          this + ": " + first + " has " + outputs.size() + " outputs, one is needed");
    }
    return chain(layers.subList(1, layers.size()), outputs.get(0), mode);
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> chain(layers, x, mode));
  }

  private static Tensor chain(List<Layer> layers, Tensor x, Mode mode) {
    Tensor current = x;
    for (Layer layer : layers) {
      current = forward(layer, current, mode);
    }
    return current;
  }

  private static Tensor forward(Layer layer, Tensor x, Mode mode) {
    return layer.origin().text().isEmpty()
        ? layer.module().pass(x, mode)
        : x.trace().at(layer.origin(), () -> layer.module().pass(x, mode));
  }
}
