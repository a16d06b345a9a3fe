#include "CTemplates.h"

// `#embed` is of C23; the compiler that comes with Swift has it in every mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

#define FILE_TEXT(name) static const char name[]

FILE_TEXT(header) = {
#embed "../CLayerABI/include/cnn_layer.h"
    , 0};

FILE_TEXT(fixture) = {
#embed "files/common/fixture.py"
    , 0};
FILE_TEXT(gitignore) = {
#embed "files/common/gitignore"
    , 0};

FILE_TEXT(c_layer) = {
#embed "files/c/layer.c"
    , 0};
FILE_TEXT(c_makefile) = {
#embed "files/c/Makefile"
    , 0};
FILE_TEXT(c_readme) = {
#embed "files/c/README.md"
    , 0};

FILE_TEXT(cpp_layer) = {
#embed "files/cpp/layer.cpp"
    , 0};
FILE_TEXT(cpp_makefile) = {
#embed "files/cpp/Makefile"
    , 0};
FILE_TEXT(cpp_readme) = {
#embed "files/cpp/README.md"
    , 0};

FILE_TEXT(rust_layer) = {
#embed "files/rust/layer.rs"
    , 0};
FILE_TEXT(rust_abi) = {
#embed "files/rust/cnn_layer.rs"
    , 0};
FILE_TEXT(rust_cargo) = {
#embed "files/rust/Cargo.toml"
    , 0};
FILE_TEXT(rust_readme) = {
#embed "files/rust/README.md"
    , 0};

FILE_TEXT(swift_layer) = {
#embed "files/swift/Layer.swift"
    , 0};
FILE_TEXT(swift_main) = {
#embed "files/swift/main.swift"
    , 0};
FILE_TEXT(swift_package) = {
#embed "files/swift/Package.swift"
    , 0};
FILE_TEXT(swift_readme) = {
#embed "files/swift/README.md"
    , 0};
FILE_TEXT(swift_tests) = {
#embed "files/swift/Tests.swift"
    , 0};

static const ct_file files[] = {
    {"all", ".gitignore", gitignore},
    {"all", "fixture.py", fixture},

    {"c", "cnn_layer.h", header},
    {"c", "layer.c", c_layer},
    {"c", "Makefile", c_makefile},
    {"c", "README.md", c_readme},

    {"cpp", "cnn_layer.h", header},
    {"cpp", "layer.cpp", cpp_layer},
    {"cpp", "Makefile", cpp_makefile},
    {"cpp", "README.md", cpp_readme},

    {"rust", "cnn_layer.h", header},
    {"rust", "src/cnn_layer.rs", rust_abi},
    {"rust", "src/layer.rs", rust_layer},
    {"rust", "Cargo.toml", rust_cargo},
    {"rust", "README.md", rust_readme},

    {"swift", "Package.swift", swift_package},
    {"swift", "README.md", swift_readme},
    {"swift", "Sources/XNAMELayers/XNAME.swift", swift_layer},
    {"swift", "Sources/verify-XLOWER/main.swift", swift_main},
    {"swift", "Tests/XNAMELayersTests/XNAMETests.swift", swift_tests},
};

const size_t ct_file_count = sizeof files / sizeof *files;

const ct_file *ct_file_at(size_t position) { return &files[position]; }
