/// An expression in words.
public struct CronWords: Sendable {
    /// A language of the console.
    public enum Language: String, Sendable, CaseIterable {
        case english = "en"
        case chinese = "zh-CN"
    }

    /// Maximum number of times of day that are listed one by one.
    private static let maxTimes = 8
    private let expression: CronExpression
    private let language: Language
    private let days: DayWords

    public init(_ expression: CronExpression, in language: Language = .english) {
        self.expression = expression
        self.language = language
        days = DayWords(expression, language)
    }

    /// Such as "at 02:30 on Monday to Friday".
    public var text: String {
        switch language {
        case .english:
            [[time, days.text].filter { !$0.isEmpty }.joined(separator: " "), days.months]
                .filter { !$0.isEmpty }.joined(separator: days.hasAlternatives ? ", " : " ")
        // What is larger comes first.
        case .chinese:
            [days.months + (days.hasAlternatives && !days.months.isEmpty ? "的" : "") + days.text, time]
                .filter { !$0.isEmpty }.joined(separator: " ")
        }
    }

    /// How the values of a field of the time are described.
    private enum Pattern {
        case all
        /// Every so many, over the whole field.
        case every(Int)
        case range(ClosedRange<Int>)
        case values([Int])
    }

    private func pattern(_ mask: UInt64, count: Int) -> Pattern {
        let values = NumberSet(mask).values
        if values.count == count { return .all }
        if let step = NumberSet(mask).step, count % step == 0, values.count == count / step {
            return .every(step)
        }
        if let low = values.first, let high = values.last, values.count > 2, high - low == values.count - 1 {
            return .range(low...high)
        }
        return .values(values)
    }

    // MARK: - Time of day

    private var time: String {
        let times = clockTimes
        if !times.isEmpty {
            return language.say(
                "at \(language.list(times))\(days.text.isEmpty ? " every day" : "")",
                "\(days.text.isEmpty ? "每天 " : "")\(language.list(times))")
        }
        if let hourly { return hourly }
        let hours = hours
        let minutes = minutes(hours)
        return switch language {
        case .english: [seconds, minutes, hours].filter { !$0.isEmpty }.joined(separator: ", ")
        case .chinese: [hours, minutes, seconds].filter { !$0.isEmpty }.joined(separator: "，")
        }
    }

    /// The times of day, if they are few.
    private var clockTimes: [String] {
        let hours = NumberSet(expression.hours).values
        let minutes = NumberSet(expression.minutes).values
        let seconds = NumberSet(expression.seconds).values
        guard hours.count * minutes.count * seconds.count <= Self.maxTimes else { return [] }
        return hours.flatMap { hour in
            minutes.flatMap { minute in
                seconds.map { second in
                    let time = clock(hour, minute)
                    return expression.seconds == 1 ? time : "\(time):\(twoDigits(second))"
                }
            }
        }
    }

    /// At one minute of several hours in a row.
    private var hourly: String? {
        let minutes = NumberSet(expression.minutes).values
        guard expression.seconds == 1, minutes.count == 1,
            case .range(let range) = pattern(expression.hours, count: 24)
        else { return nil }
        let (first, last) = (clock(range.lowerBound, minutes[0]), clock(range.upperBound, minutes[0]))
        return language.say("every hour from \(first) to \(last)", "\(first) 至 \(last) 每小时")
    }

    private var hours: String {
        switch pattern(expression.hours, count: 24) {
        case .all: ""
        case .every(let step): language.say("every \(step) hours", "每 \(step) 小时")
        case .range(let range):
            language.say(
                "from \(clock(range.lowerBound, 0)) to \(clock(range.upperBound, 59))",
                "\(clock(range.lowerBound, 0)) 至 \(clock(range.upperBound, 59))")
        case .values(let values) where values.count == 1:
            language.say("from \(clock(values[0], 0)) to \(clock(values[0], 59))", "\(values[0]) 点")
        case .values(let values):
            language.say(
                "in the hours \(language.list(values.map { clock($0, 0) }))",
                "\(language.list(values.map { "\($0) 点" }))")
        }
    }

    private func minutes(_ hours: String) -> String {
        let named: [String]
        switch pattern(expression.minutes, count: 60) {
        case .all: return expression.seconds == 1 ? language.say("every minute", "每分钟") : ""
        case .every(let step): return language.say("every \(step) minutes", "每 \(step) 分钟")
        case .range(let range): named = [language.range(range)]
        case .values(let values): named = NumberSet(values).items(language)
        }
        let isOne = expression.minutes.nonzeroBitCount == 1
        return language.say(
            "at minute\(isOne ? "" : "s") \(language.list(named))\(hours.isEmpty ? " of every hour" : "")",
            "\(hours.isEmpty ? "每小时" : "")第 \(language.list(named)) 分钟")
    }

    private var seconds: String {
        guard expression.seconds != 1 else { return "" }
        let named: [String]
        switch pattern(expression.seconds, count: 60) {
        case .all: return language.say("every second", "每秒")
        case .every(let step): return language.say("every \(step) seconds", "每 \(step) 秒")
        case .range(let range): named = [language.range(range)]
        case .values(let values): named = NumberSet(values).items(language)
        }
        let isOne = expression.seconds.nonzeroBitCount == 1
        let isEveryMinute = expression.minutes.nonzeroBitCount == 60
        return language.say(
            "at second\(isOne ? "" : "s") \(language.list(named))\(isEveryMinute ? " of every minute" : "")",
            "\(isEveryMinute ? "每分钟" : "")第 \(language.list(named)) 秒")
    }

    private func clock(_ hour: Int, _ minute: Int) -> String { "\(twoDigits(hour)):\(twoDigits(minute))" }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension CronWords.Language {
    func say(_ english: String, _ chinese: String) -> String { self == .english ? english : chinese }

    func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return say("\(items.dropLast().joined(separator: ", ")) and \(last)", items.joined(separator: "、"))
    }

    func range(_ range: ClosedRange<Int>) -> String {
        say("\(range.lowerBound) to \(range.upperBound)", "\(range.lowerBound)–\(range.upperBound)")
    }
}

/// Some numbers, ascending.
struct NumberSet {
    let values: [Int]

    init(_ values: [Int]) {
        self.values = values
    }

    /// The bits of a mask.
    init(_ mask: UInt64) {
        values = (0..<64).filter { mask & (1 << UInt64($0)) != 0 }
    }

    /// The distance of three or more numbers, if it is always the same and not one.
    var step: Int? {
        guard values.count > 2 else { return nil }
        let step = values[1] - values[0]
        return step > 1 && zip(values, values.dropFirst()).allSatisfy { $1 - $0 == step } ? step : nil
    }

    /// Runs of three or more numbers, and single ones.
    var runs: [ClosedRange<Int>] {
        var runs: [ClosedRange<Int>] = []
        for value in values {
            if let last = runs.last, last.upperBound + 1 == value {
                runs[runs.count - 1] = last.lowerBound...value
            } else {
                runs.append(value...value)
            }
        }
        return runs.flatMap {
            $0.count == 2 ? [$0.lowerBound...$0.lowerBound, $0.upperBound...$0.upperBound] : [$0]
        }
    }

    /// The numbers in words: long even sequences are shortened.
    func items(_ language: CronWords.Language) -> [String] {
        if step != nil, values.count > 5, let last = values.last {
            return [
                language.say(
                    "\(values[0]), \(values[1]), \(values[2]) … \(last)",
                    "\(values[0])、\(values[1])、\(values[2])…\(last)")
            ]
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : language.range($0) }
    }
}
