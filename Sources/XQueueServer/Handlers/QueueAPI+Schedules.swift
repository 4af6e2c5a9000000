import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `POST /api/v1/schedules/preview`
    func previewSchedule(_ request: APIRequest) async throws -> Reply {
        let wanted = try PreviewReader.request(try await body(of: request))
        let preview = try manager.previewSchedule(
            wanted.timing, name: wanted.name, count: wanted.count, after: wanted.after?.date)
        var writer = JSONWriter()
        writer.preview(preview)
        return .json(.ok, writer)
    }
}

extension JSONWriter {
    fileprivate mutating func preview(_ preview: SchedulePreview) {
        object { writer in
            writer.member("time_zone", preview.timeZone)
            writer.member("tzdata", preview.zoneVersion)
            writer.name("explain")
            writer.object { writer in
                writer.member("en", preview.explanation)
                writer.member("zh", preview.chineseExplanation)
            }
            writer.name("next")
            writer.array(preview.ticks) { writer, tick in
                writer.object { writer in
                    writer.member("at", Timestamp(tick.at))
                    writer.member("local", tick.local)
                }
            }
        }
    }
}
