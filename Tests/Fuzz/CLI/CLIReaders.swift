extension FuzzReader {
    static let cli = [configuration, settingText, submitState, taskLine]
}

#if LIBFUZZER
@_cdecl("FuzzCLI_main") func main(_ count: Int32, _ arguments: Arguments) -> Int32 {
    LibFuzzer.run(FuzzReader.cli, count, arguments)
}
#endif
