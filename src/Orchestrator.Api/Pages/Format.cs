using System.Globalization;

namespace Orchestrator.Api.Pages;

/// <summary>Numbers, sizes and times as pages write them. Invariant: the server's language is not the reader's.</summary>
internal static class Format
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Three significant digits below 1,000: <c>0.5</c>, <c>12.3</c>, <c>1,234</c>.</summary>
    public static string Rate(double value) => value.ToString(value < 10 ? "0.##" : value < 1000 ? "0.#" : "N0", CultureInfo.InvariantCulture);

    /// <summary>Share of a whole, for example <c>12.3 %</c>; a dash where the whole is 0.</summary>
    public static string Percent(long part, long whole) =>
        whole == 0 ? "–" : (100.0 * part / whole).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    public static string Bytes(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return $"{value.ToString(unit == 0 || value >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0 } => "0 s",
        { TotalSeconds: < 10 } => $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s",
        { TotalMinutes: < 1 } => $"{(int)time.TotalSeconds} s",
        { TotalHours: < 1 } => $"{(int)time.TotalMinutes} min {time.Seconds} s",
        { TotalDays: < 1 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} d {time.Hours} h",
    };

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>For <c>datetime</c> attributes.</summary>
    public static string Machine(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A coordinate of a drawing.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
