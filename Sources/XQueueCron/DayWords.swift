/// The days of an expression in words.
struct DayWords {
    private let expression: CronExpression
    private let language: CronWords.Language

    init(_ expression: CronExpression, _ language: CronWords.Language) {
        self.expression = expression
        self.language = language
    }

    /// Such as "on Monday to Friday"; empty for every day.
    var text: String {
        let hasAllDates = expression.days.nonzeroBitCount == 31
        let hasAllWeekdays = expression.weekdays.every == 0x7F
        if expression.joinsDays {
            switch (hasAllDates, hasAllWeekdays) {
            case (true, true): return ""
            case (true, false): return language.say("on \(weekdays)", weekdays)
            case (false, true): return language.say("on \(dates)", dates)
            case (false, false):
                return language.say("on \(weekdays) that is \(dates)", "\(dates)中的\(weekdays)")
            }
        }
        // One of them is enough.
        guard !hasAllDates, !hasAllWeekdays else { return "" }
        return language.say("on \(dates) or on \(weekdays)", "\(dates)或\(weekdays)")
    }

    /// Whether one of two conditions is enough.
    var hasAlternatives: Bool { !expression.joinsDays && !text.isEmpty }

    /// Such as "in January"; empty for every month.
    var months: String {
        guard expression.months.nonzeroBitCount < 12 else { return "" }
        let items = NumberSet(expression.months).runs.map { run in
            run.count == 1
                ? language.say(Self.months[run.lowerBound - 1], "\(run.lowerBound) 月")
                : language.say(
                    "\(Self.months[run.lowerBound - 1]) to \(Self.months[run.upperBound - 1])",
                    "\(run.lowerBound)–\(run.upperBound) 月")
        }
        return language.say("in \(language.list(items))", language.list(items))
    }

    private var dates: String {
        let values = NumberSet(expression.days).values
        let numbers = language.list(NumberSet(values).items(language))
        let last = language.say("the last day", "最后一天")
        let isOne = values.count == 1
        switch (values.isEmpty, expression.hasLastDay) {
        case (true, _): return language.say("\(last) of the month", "\(everyMonth)\(last)")
        case (false, false):
            return language.say(
                "day\(isOne ? "" : "s") \(numbers) of the month", "\(everyMonth) \(numbers) 日")
        case (false, true):
            return language.say(
                "day\(isOne ? "" : "s") \(numbers) and \(last) of the month",
                "\(everyMonth) \(numbers) 日和\(last)")
        }
    }

    private var weekdays: String {
        let weekdays = expression.weekdays
        // A week that starts on Monday.
        let every = NumberSet(UInt64(weekdays.every)).values.map { $0 == 0 ? 7 : $0 }.sorted()
        var items = NumberSet(every).runs.map { run in
            run.count == 1
                ? weekday(run.lowerBound)
                : language.say(
                    "\(weekday(run.lowerBound)) to \(weekday(run.upperBound))",
                    "\(weekday(run.lowerBound))至\(weekday(run.upperBound))")
        }
        var numbered: [String] = []
        for day in 0..<7 {
            for number in NumberSet(UInt64(weekdays.numbered[day])).values {
                numbered.append(
                    language.say(
                        "the \(Self.ordinals[number - 1]) \(weekday(day))", "第 \(number) 个\(weekday(day))"))
            }
            if weekdays.last & (1 << UInt8(day)) != 0 {
                numbered.append(language.say("the last \(weekday(day))", "最后一个\(weekday(day))"))
            }
        }
        if !numbered.isEmpty {
            items.append(
                language.say(
                    "\(language.list(numbered)) of the month", "\(everyMonth)\(language.list(numbered))"))
        }
        return language.list(items)
    }

    /// "每月", unless the months are listed.
    private var everyMonth: String { months.isEmpty ? "每月" : "" }

    private func weekday(_ day: Int) -> String {
        language.say(Self.weekdays[day % 7], "星期\(Self.chineseWeekdays[day % 7])")
    }

    private static let ordinals = ["first", "second", "third", "fourth", "fifth"]
    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let chineseWeekdays = ["日", "一", "二", "三", "四", "五", "六"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]
}
