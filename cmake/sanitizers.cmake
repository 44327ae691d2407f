# TWOFOUR_SANITIZE applies to everything compiled here; libraries from packages stay as they are.
if(TWOFOUR_SANITIZE)
  list(JOIN TWOFOUR_SANITIZE "," _sanitizers)
  # Instrumented code looks to GCC as if std::regex and std::function read uninitialised values.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${_sanitizers};-fno-omit-frame-pointer;-fno-sanitize-recover=all;$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>>")
  add_link_options(-fsanitize=${_sanitizers})
endif()
