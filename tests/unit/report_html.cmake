twofour_add_test(report_html_test LABEL unit
  SOURCES report_html_escape_test.cpp report_html_page_test.cpp report_html_svg_test.cpp
  LINK golden_records twofour_report)
