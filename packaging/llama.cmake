# Included by CMake when llama.cpp's project starts (CMAKE_PROJECT_llama.cpp_INCLUDE): leaves out what crosscite does not
# use. Compile time on 2 cores: 5 min 42 s as the sdist has it, 2 min 14 s without the "common" library (chat templates,
# downloads, an HTTP client). The sdist forces that library into the cache; a normal variable wins (policy CMP0077).
set(LLAMA_BUILD_COMMON OFF)

# All the arithmetic is in ggml, which keeps -O3. libllama builds graphs, tokenizes and samples: -O1 compiles it in 60 % of
# the time, greedy sampling takes as long as before (1.0 ms a token) and top-k sampling 0.9 ms a token more.
if(NOT MSVC)
    set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG")
    set(CMAKE_PROJECT_ggml_INCLUDE "${CMAKE_CURRENT_LIST_DIR}/ggml.cmake")
endif()
