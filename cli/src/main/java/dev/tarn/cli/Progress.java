package dev.tarn.cli;

import dev.tarn.train.EpochResult;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Stop;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import java.io.PrintStream;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Shows a training: one line an epoch, and on a terminal a bar that is redrawn. */
final class Progress implements TrainingListener {
  private static final long REDRAW_NANOS = 100_000_000;
  private static final int WIDTH = 20;
  private static final String CLEAR = "\r\033[K";

  private final PrintStream out;
  private final boolean terminal;
  private long begin;
  private long firstStep;
  private long drawn;
  private int epochs;
  private boolean bar;

  Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public void onStep(Trainer trainer, TrainingListener.Progress at) {
    long now = System.nanoTime();
    epochs = at.epochs();
    if (begin == 0) {
      begin = now;
      firstStep = at.step();
    } else if (terminal && now - drawn >= REDRAW_NANOS) {
      drawn = now;
      bar = true;
      out.print(CLEAR + line(at, (now - begin) / 1e9));
      out.flush();
    }
  }

  private String line(TrainingListener.Progress at, double seconds) {
    int filled = (int) ((long) WIDTH * at.batch() / at.batches());
    long steps = at.step() - firstStep;
    long left = (long) at.epochs() * at.batches() - at.step();
    return String.format(
        Locale.ROOT,
        "epoch %d/%d [%s%s] %d/%d  %,d samples/s  %s left",
        at.epoch(),
        at.epochs(),
        "=".repeat(filled),
        " ".repeat(WIDTH - filled),
        at.batch(),
        at.batches(),
        Math.round(at.examples() / seconds),
        time(Math.round(seconds / steps * left)));
  }

  @Override
  public void onEpoch(Trainer trainer, EpochResult result) {
    end();
    Evaluation validation = result.validation();
    int digits = String.valueOf(epochs).length();
    out.printf(
        Locale.ROOT,
        "epoch %" + digits + "d/%d  %s%s%n",
        result.epoch(),
        epochs,
        values(result.train(), validation),
        duration(result.seconds()));
    out.flush();
  }

  @Override
  public void onEnd(Trainer trainer, Stop stop) {
    end();
  }

  /** {@code loss 0.1234 val 0.1533 accuracy 0.9722 val 0.9591 }. */
  private static String values(Evaluation train, @Nullable Evaluation validation) {
    StringBuilder text = new StringBuilder();
    Set<String> names = new LinkedHashSet<>(train.values().keySet());
    if (validation != null) {
      names.addAll(validation.values().keySet());
    }
    for (String name : names) {
      text.append(name);
      Double trained = train.values().get(name);
      if (trained != null) {
        text.append(' ').append(Evaluation.text(trained));
      }
      if (validation != null) {
        text.append(" val ").append(Evaluation.text(validation.get(name)));
      }
      text.append("  ");
    }
    return text.toString();
  }

  /** {@code 1.6 ms}, {@code 160 ms} or {@code 1.60 s}. */
  static String duration(double seconds) {
    String format = seconds < 0.01 ? "%.1f ms" : seconds < 1 ? "%.0f ms" : "%.2f s";
    return String.format(Locale.ROOT, format, seconds < 1 ? seconds * 1e3 : seconds);
  }

  /** Removes the bar. */
  void end() {
    if (bar) {
      out.print(CLEAR);
      bar = false;
    }
  }

  private static String time(long seconds) {
    return seconds >= 3600
        ? String.format("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
        : String.format("%d:%02d", seconds / 60, seconds % 60);
  }
}
