using Orchestrator.Samples.PoolGenerator.Scenes;

namespace Orchestrator.Samples.PoolGenerator;

/// <summary>One generated sample and what is known about it.</summary>
/// <param name="Key">12 digits: shard (8) and place in the shard (4), as img2dataset and DataComp number them.</param>
/// <param name="Shard">From 0.</param>
/// <param name="Uid">32 lower-case hexadecimal characters, as in DataComp.</param>
/// <param name="Image">Encoded bytes, as they stand in the tar.</param>
/// <param name="Extension">The member's extension, which lies for <see cref="DefectKind.WrongExtension"/>.</param>
/// <param name="Width">Pixels; for a truncated image, as its header declares.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Caption">What the <c>.txt</c> member says; null where there is none.</param>
/// <param name="TrueCaption">A caption that is true of the picture.</param>
/// <param name="Scene">What the picture shows.</param>
/// <param name="Defect">What is wrong with the sample.</param>
/// <param name="DuplicateOf">Key of the sample whose picture this is, for the two kinds of duplicates.</param>
public sealed record PoolSample(
    string Key,
    int Shard,
    string Uid,
    byte[] Image,
    string Extension,
    int Width,
    int Height,
    string? Caption,
    string TrueCaption,
    Scene Scene,
    DefectKind Defect,
    string? DuplicateOf)
{
    /// <summary>True if the caption in the tar describes the picture.</summary>
    public bool Matched => Defect is DefectKind.None or DefectKind.TinyImage or DefectKind.ExtremeAspect
        or DefectKind.ExactDuplicate or DefectKind.NearDuplicate or DefectKind.TruncatedImage or DefectKind.WrongExtension;
}
