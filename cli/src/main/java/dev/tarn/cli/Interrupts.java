package dev.tarn.cli;

import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ctrl-C and the signals that ask a process to end: the first lets the training finish its step and
 * save, the second ends the process at once.
 */
final class Interrupts {
  private static final Logger LOG = LoggerFactory.getLogger(Interrupts.class);

  private final PrintStream err;
  private final AtomicBoolean requested = new AtomicBoolean();
  private volatile @Nullable Runnable stop;

  Interrupts(PrintStream err) {
    this.err = err;
  }

  /**
   * Takes the signals over. By reflection on sun.misc.Signal: the JDK has no other way to see a
   * second Ctrl-C, and the compiler's warning about it cannot be turned off. Without that class a
   * signal ends the process as usual; what was saved is whole in any case.
   */
  void listen() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object receiver =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                received();
                return null;
              });
      Method handle = signal.getMethod("handle", signal, handler);
      for (String name : List.of("INT", "TERM", "HUP")) {
        listen(handle, signal.getConstructor(String.class), name, receiver);
      }
    } catch (ReflectiveOperationException e) {
      LOG.debug("signals cannot be taken over", e);
    }
  }

  private static void listen(Method handle, Constructor<?> signal, String name, Object receiver)
      throws ReflectiveOperationException {
    try {
      handle.invoke(null, signal.newInstance(name), receiver);
    } catch (InvocationTargetException e) {
      // Windows has no HUP, and the JVM may have been told to leave signals alone.
      LOG.debug("signal {} cannot be taken over", name, e);
    }
  }

  /** What the first signal does from now on; before, it ends the process. */
  void onFirst(Runnable action) {
    stop = action;
  }

  /** Whether a signal came. */
  boolean requested() {
    return requested.get();
  }

  private void received() {
    Runnable action = stop;
    if (action == null || !requested.compareAndSet(false, true)) {
      Runtime.getRuntime().halt(Main.INTERRUPTED);
    } else {
      err.println();
      err.println("tarn: stopping after this step; again to stop at once");
      action.run();
    }
  }
}
