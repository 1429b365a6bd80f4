package dev.tarn.report;

import java.util.ArrayList;
import java.util.List;

/** Writes a page of sections; every text that it is given is escaped. */
final class Page {
  private final StringBuilder body = new StringBuilder();
  private final List<String> contents = new ArrayList<>();

  /** Begins a section, which the contents list. */
  void section(String id, String title) {
    contents.add("<li><a href=\"#" + id + "\">" + Html.escape(title) + "</a></li>\n");
    body.append("<section id=\"").append(id).append("\" aria-labelledby=\"").append(id);
    body.append("-h\">\n<h2 id=\"").append(id).append("-h\">").append(Html.escape(title));
    body.append("</h2>\n");
  }

  /** Ends a section. */
  void end() {
    body.append("</section>\n");
  }

  /** A paragraph. */
  void paragraph(String text) {
    element("p", "", text);
  }

  /** An element with a text. */
  void element(String name, String cssClass, String text) {
    open(name, cssClass);
    body.append(Html.escape(text)).append("</").append(name).append(">\n");
  }

  /** The beginning of an element. */
  void open(String name, String cssClass) {
    body.append('<').append(name);
    if (!cssClass.isEmpty()) {
      body.append(" class=\"").append(cssClass).append('"');
    }
    body.append('>');
  }

  /** The end of an element. */
  void close(String name) {
    body.append("</").append(name).append(">\n");
  }

  /** A picture that can be scrolled where it is wider than the page. */
  void picture(Picture picture) {
    body.append("<figure class=\"scroll\" tabindex=\"0\" aria-label=\"");
    body.append(Html.escape(picture.description())).append("\">\n");
    body.append(picture.inline()).append("</figure>\n");
  }

  /** A picture that is made narrower with the page. */
  void chart(Picture picture) {
    body.append("<figure class=\"chart\">\n").append(picture.inline()).append("</figure>\n");
  }

  /** An image with its text for those who do not see it. */
  void image(String uri, String text) {
    body.append("<img src=\"").append(uri).append("\" alt=\"").append(Html.escape(text));
    body.append("\"/>");
  }

  /**
   * A table; columns from the second on are numbers unless {@code texts} says otherwise.
   *
   * @param texts how many columns at the left are texts
   */
  void table(String caption, int texts, List<String> header, List<List<String>> rows) {
    body.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    body.append(Html.escape(caption)).append("\">\n<table>\n<caption>");
    body.append(Html.escape(caption)).append("</caption>\n<thead><tr>");
    for (int i = 0; i < header.size(); i++) {
      body.append("<th scope=\"col\"").append(i < texts ? "" : " class=\"number\"").append('>');
      body.append(Html.escape(header.get(i))).append("</th>");
    }
    body.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      body.append("<tr>");
      for (int i = 0; i < row.size(); i++) {
        String tag = i == 0 ? "th" : "td";
        body.append('<').append(tag).append(i == 0 ? " scope=\"row\"" : "");
        body.append(i < texts ? "" : " class=\"number\"").append('>');
        body.append(Html.escape(row.get(i))).append("</").append(tag).append('>');
      }
      body.append("</tr>\n");
    }
    body.append("</tbody>\n</table>\n</div>\n");
  }

  /** The whole page. */
  String html(String title, String lead, String style) {
    return """
        <!DOCTYPE html>
        <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <meta http-equiv="Content-Security-Policy" \
        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
        <title>%s</title>
        <style>
        %s</style>
        </head>
        <body>
        <header>
        <h1>%s</h1>
        <p class="lead">%s</p>
        </header>
        <nav aria-label="Contents"><ul>
        %s</ul></nav>
        <main>
        %s</main>
        </body>
        </html>
        """
        .formatted(
            Html.escape(title) + " \u2013 training report",
            style,
            Html.escape(title),
            Html.escape(lead),
            String.join("", contents),
            body);
  }
}
