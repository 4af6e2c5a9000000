/// An expression in words.
public struct CronWords: Sendable {
    /// Maximum number of times of day that are listed one by one.
    private static let maxTimes = 8
    private let expression: CronExpression
    private let language: Language

    /// A language of the console.
    public enum Language: String, Sendable, CaseIterable {
        case english = "en"
        case chinese = "zh-CN"
    }

    public init(_ expression: CronExpression, in language: Language = .english) {
        self.expression = expression
        self.language = language
    }

    /// Such as "at 02:30 on Monday to Friday".
    public var text: String {
        let parts = [time, days, months].filter { !$0.isEmpty }
        switch language {
        case .english: return parts.joined(separator: " ")
        // What is larger comes first.
        case .chinese: return parts.reversed().joined(separator: " ").trimmingSpaces
        }
    }

    // MARK: - Time of day

    private var time: String {
        let times = clockTimes
        if !times.isEmpty {
            return say(
                "at \(list(times))\(isEveryDay ? " every day" : "")",
                "\(isEveryDay ? "每天" : "") \(list(times))")
        }
        let seconds = expression.seconds == 1 ? "" : unit(expression.seconds, 0...59, "second", "秒")
        let isEveryMinute = isFull(expression.minutes, 0...59)
        let minutes =
            isEveryMinute && !seconds.isEmpty ? "" : unit(expression.minutes, 0...59, "minute", "分钟")
        var hours = isFull(expression.hours, 0...23) ? "" : unit(expression.hours, 0...23, "hour", "小时")
        if hours.isEmpty, minutes.hasPrefix(say("at", "第")) { hours = say("every hour", "每小时") }
        switch language {
        case .english: return [seconds, minutes, hours].filter { !$0.isEmpty }.joined(separator: ", ")
        case .chinese: return [hours, minutes, seconds].filter { !$0.isEmpty }.joined(separator: " ")
        }
    }

    /// The times of day, if they are few.
    private var clockTimes: [String] {
        let (hours, minutes, seconds) = (
            bits(expression.hours), bits(expression.minutes), bits(expression.seconds)
        )
        guard hours.count * minutes.count * seconds.count <= Self.maxTimes else { return [] }
        return hours.flatMap { hour in
            minutes.flatMap { minute in
                seconds.map { second in
                    let time = "\(twoDigits(hour)):\(twoDigits(minute))"
                    return expression.seconds == 1 ? time : "\(time):\(twoDigits(second))"
                }
            }
        }
    }

    /// One field of the time, such as "every 5 minutes" or "at minutes 1 to 7".
    private func unit(_ mask: UInt64, _ range: ClosedRange<Int>, _ name: String, _ chinese: String) -> String
    {
        if isFull(mask, range) { return say("every \(name)", "每\(chinese)") }
        let values = bits(mask)
        if values.count > 2, let step = step(of: values), range.upperBound - values[values.count - 1] < step {
            let from = values[0] == 0 ? "" : say(" from \(name) \(values[0])", "，从 \(values[0]) 开始")
            return say("every \(step) \(name)s\(from)", "每 \(step) \(chinese)\(from)")
        }
        let named = list(ranges(values).map(numbers))
        return say("at \(name)\(values.count > 1 ? "s" : "") \(named)", "第 \(named) \(chinese)")
    }

    // MARK: - Days

    private var isEveryDay: Bool { days.isEmpty && months.isEmpty }

    private var days: String {
        let byDate = dates
        let byWeekday = weekdays
        if byDate.isEmpty || byWeekday.isEmpty { return byDate + byWeekday }
        if expression.joinsDays { return say("\(byDate) if also \(byWeekday)", "\(byDate)且\(byWeekday)") }
        return say("\(byDate) or \(byWeekday)", "\(byDate)或\(byWeekday)")
    }

    private var dates: String {
        guard !isFull(expression.days, 1...31) else { return "" }
        let values = bits(expression.days)
        if values.count > 2, !expression.hasLastDay, let step = step(of: values), values[0] <= step,
            31 - values[values.count - 1] < step
        {
            return say(
                "every \(step) days from day \(values[0]) of the month",
                "\(everyMonth)从 \(values[0]) 日起每 \(step) 天")
        }
        var items = ranges(values).map(numbers)
        if expression.hasLastDay { items.append(say("the last day", "最后一天")) }
        guard !items.isEmpty else { return "" }
        if expression.days == 0 { return say("on the last day of the month", "\(everyMonth)最后一天") }
        return say("on day \(list(items)) of the month", "\(everyMonth) \(list(items)) 日")
    }

    /// "每月", unless the months are listed.
    private var everyMonth: String { months.isEmpty ? "每月" : "" }

    private var weekdays: String {
        let weekdays = expression.weekdays
        guard !isFull(UInt64(weekdays.every), 0...6) else { return "" }
        var items = ranges(mondayFirst(weekdays.every)).map { range in
            range.count == 1
                ? weekday(range.lowerBound)
                : say(
                    "\(weekday(range.lowerBound)) to \(weekday(range.upperBound))",
                    "\(weekday(range.lowerBound))至\(weekday(range.upperBound))")
        }
        for day in 0..<7 {
            for number in bits(UInt64(weekdays.numbered[day])) {
                items.append(
                    say("the \(Self.ordinals[number - 1]) \(weekday(day))", "第 \(number) 个\(weekday(day))"))
            }
            if weekdays.last & (1 << UInt8(day)) != 0 {
                items.append(say("the last \(weekday(day))", "最后一个\(weekday(day))"))
            }
        }
        return say("on \(list(items))", list(items))
    }

    /// The days of a week that starts on Monday; 7 is Sunday.
    private func mondayFirst(_ mask: UInt8) -> [Int] {
        bits(UInt64(mask)).map { $0 == 0 ? 7 : $0 }.sorted()
    }

    private var months: String {
        guard !isFull(expression.months, 1...12) else { return "" }
        let items = bits(expression.months).map { say(Self.englishMonths[$0 - 1], "\($0) 月") }
        return say("in \(list(items))", list(items))
    }

    // MARK: - Words

    private func say(_ english: String, _ chinese: String) -> String {
        language == .english ? english : chinese
    }

    private static let ordinals = ["first", "second", "third", "fourth", "fifth"]
    private static let englishWeekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let chineseWeekdays = ["日", "一", "二", "三", "四", "五", "六"]
    private static let englishMonths = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November",
        "December",
    ]

    private func weekday(_ day: Int) -> String {
        say(Self.englishWeekdays[day % 7], "星期\(Self.chineseWeekdays[day % 7])")
    }

    private func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return say("\(items.dropLast().joined(separator: ", ")) and \(last)", items.joined(separator: "、"))
    }

    private func numbers(_ range: ClosedRange<Int>) -> String {
        range.count == 1
            ? "\(range.lowerBound)"
            : say("\(range.lowerBound) to \(range.upperBound)", "\(range.lowerBound)–\(range.upperBound)")
    }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    // MARK: - Sets

    private func bits(_ mask: UInt64) -> [Int] { (0..<64).filter { mask & (1 << UInt64($0)) != 0 } }

    private func isFull(_ mask: UInt64, _ range: ClosedRange<Int>) -> Bool {
        range.allSatisfy { mask & (1 << UInt64($0)) != 0 }
    }

    /// The distance of the values, if it is always the same.
    private func step(of values: [Int]) -> Int? {
        let step = values[1] - values[0]
        return zip(values, values.dropFirst()).allSatisfy { $1 - $0 == step } && step > 1 ? step : nil
    }

    /// The values' runs; two values in a row are not one yet.
    private func ranges(_ values: [Int]) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for value in values {
            if let last = ranges.last, last.upperBound + 1 == value {
                ranges[ranges.count - 1] = last.lowerBound...value
            } else {
                ranges.append(value...value)
            }
        }
        return ranges.flatMap {
            $0.count == 2 ? [$0.lowerBound...$0.lowerBound, $0.upperBound...$0.upperBound] : [$0]
        }
    }
}

extension String {
    /// Without spaces at its ends, and with one between words.
    fileprivate var trimmingSpaces: String { split(separator: " ").joined(separator: " ") }
}
