# Text files as C++ string constants: cmake -DOUT=FILE.cpp -DNAMESPACE=a::b -DFILES=name=path;... -P EmbedText.cmake
# Each becomes `extern const std::string_view name`.
set(text "#include <string_view>\nnamespace ${NAMESPACE} {\n")
foreach(pair IN LISTS FILES)
  string(REGEX MATCH "^([a-z_]+)=(.+)$" matched "${pair}")
  set(name ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" hex HEX)
  string(LENGTH "${hex}" length)
  math(EXPR bytes "${length} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," numbers "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n"
         numbers "${numbers}")
  string(APPEND text "extern const std::string_view ${name};\nstatic const unsigned char ${name}_bytes[] = {\n${numbers}0};\n"
    "const std::string_view ${name}(reinterpret_cast<const char*>(${name}_bytes), ${bytes});\n")
endforeach()
file(WRITE "${OUT}" "${text}}\n")
