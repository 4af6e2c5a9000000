extension FuzzReader {
    static let model = [
        json, codableJSON, repairedJSON, submission, batch, intakeRecord, time, identifier, cursor, trace,
        transferNote, cron, zoneFile, schedule, scheduleState, mergePatch, taskPatch,
    ]
}

#if LIBFUZZER
@_cdecl("FuzzModel_main") func main(_ count: Int32, _ arguments: Arguments) -> Int32 {
    LibFuzzer.run(FuzzReader.model, count, arguments)
}
#endif
