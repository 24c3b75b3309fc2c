# Included by CMake when ggml's project starts, see llama.cmake.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")
