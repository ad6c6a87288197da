namespace Orchestrator.Samples.PoolGenerator;

/// <summary>
/// The share of samples that gets each defect, in [0, 1]; the sum is at most 1 and the rest has none. The defaults sum
/// to 0.46, about what web pools show before filtering.
/// </summary>
public sealed record DefectRates
{
    /// <summary>Default: 0.12.</summary>
    public double SwappedCaption { get; init; } = 0.12;

    /// <summary>Default: 0.06.</summary>
    public double PartialTruth { get; init; } = 0.06;

    /// <summary>Default: 0.05.</summary>
    public double BoilerplateCaption { get; init; } = 0.05;

    /// <summary>Default: 0.04.</summary>
    public double FileNameCaption { get; init; } = 0.04;

    /// <summary>Default: 0.03.</summary>
    public double ShortCaption { get; init; } = 0.03;

    /// <summary>Default: 0.03.</summary>
    public double TinyImage { get; init; } = 0.03;

    /// <summary>Default: 0.03.</summary>
    public double ExtremeAspect { get; init; } = 0.03;

    /// <summary>Default: 0.03.</summary>
    public double ExactDuplicate { get; init; } = 0.03;

    /// <summary>Default: 0.03.</summary>
    public double NearDuplicate { get; init; } = 0.03;

    /// <summary>Default: 0.015.</summary>
    public double TruncatedImage { get; init; } = 0.015;

    /// <summary>Default: 0.015.</summary>
    public double WrongExtension { get; init; } = 0.015;

    /// <summary>Default: 0.01.</summary>
    public double MissingCaption { get; init; } = 0.01;

    /// <summary>All rates zero: a pool of clean pairs.</summary>
    public static DefectRates Clean { get; } = new()
    {
        SwappedCaption = 0, PartialTruth = 0, BoilerplateCaption = 0, FileNameCaption = 0, ShortCaption = 0, TinyImage = 0,
        ExtremeAspect = 0, ExactDuplicate = 0, NearDuplicate = 0, TruncatedImage = 0, WrongExtension = 0, MissingCaption = 0,
    };

    /// <summary>The rate of one defect; for <see cref="DefectKind.None"/>, what the others leave.</summary>
    public double Of(DefectKind kind) => kind switch
    {
        DefectKind.SwappedCaption => SwappedCaption,
        DefectKind.PartialTruth => PartialTruth,
        DefectKind.BoilerplateCaption => BoilerplateCaption,
        DefectKind.FileNameCaption => FileNameCaption,
        DefectKind.ShortCaption => ShortCaption,
        DefectKind.TinyImage => TinyImage,
        DefectKind.ExtremeAspect => ExtremeAspect,
        DefectKind.ExactDuplicate => ExactDuplicate,
        DefectKind.NearDuplicate => NearDuplicate,
        DefectKind.TruncatedImage => TruncatedImage,
        DefectKind.WrongExtension => WrongExtension,
        DefectKind.MissingCaption => MissingCaption,
        _ => 1 - Defects.Sum(Of),
    };

    internal static IReadOnlyList<DefectKind> Defects { get; } =
        [.. Enum.GetValues<DefectKind>().Where(kind => kind != DefectKind.None)];
}
