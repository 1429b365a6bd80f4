package dev.tarn.report;

import dev.tarn.TarnException;
import java.awt.Font;
import java.awt.font.FontRenderContext;

/** The fonts of the system, without a display. */
final class Fonts {
  /** Measures texts independently of a device. */
  static final FontRenderContext CONTEXT = new FontRenderContext(null, true, true);

  private static final String HEADLESS = "java.awt.headless";

  private Fonts() {}

  /**
   * Makes sure that texts can be measured. Java looks for no display unless the program asked for
   * one.
   *
   * @throws TarnException if the system has no fonts
   */
  static void require() {
    if (System.getProperty(HEADLESS) == null) {
      System.setProperty(HEADLESS, "true");
    }
    try {
      new Font(Font.SANS_SERIF, Font.PLAIN, 12).getStringBounds("0", CONTEXT);
    } catch (LinkageError | InternalError | RuntimeException e) {
      throw new TarnException(
          "pictures: Java finds no fonts; install fontconfig and a font, for instance the package"
              + " fonts-dejavu-core",
          e);
    }
  }
}
