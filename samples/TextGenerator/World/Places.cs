namespace Orchestrator.Samples.TextGenerator.World;

/// <summary>A town of the small world; its facts never change.</summary>
internal sealed record Town(string Name, int Founded, string Founder, string Building, string Product)
{
    public static readonly IReadOnlyList<Town> All =
    [
        new("Tarn", 1342, "Duke Aldo", "stone bridge", "cheese"),
        new("Morne", 1518, "Queen Ilse", "clock tower", "glass"),
        new("Lusk", 1276, "the monks of Hale", "grey abbey", "honey"),
        new("Varda", 1603, "Captain Rolf", "harbour wall", "smoked fish"),
        new("Penrow", 1455, "Duke Aldo", "corn market", "bread"),
        new("Selby", 1391, "Queen Ilse", "old mill", "paper"),
        new("Quay", 1720, "Captain Rolf", "lighthouse", "rope"),
        new("Hollin", 1187, "the monks of Hale", "round church", "cider"),
    ];
}

/// <summary>Goods that are sold in the small world, with their price in coins.</summary>
internal sealed record Shop(string Keeper, string First, int FirstPrice, string Second, int SecondPrice)
{
    public static readonly IReadOnlyList<Shop> All =
    [
        new("baker", "bread", 3, "cake", 7),
        new("fisher", "trout", 6, "eel", 9),
        new("weaver", "scarf", 8, "blanket", 15),
        new("potter", "bowl", 4, "jug", 10),
        new("smith", "nail", 2, "hammer", 14),
        new("gardener", "rose", 5, "apple tree", 18),
        new("carpenter", "stool", 11, "table", 20),
        new("beekeeper", "candle", 1, "jar of honey", 12),
    ];
}

/// <summary>A material of the small world and what it does.</summary>
internal sealed record Material(string Name, string Family, bool Floats, bool Melts, bool Conducts)
{
    public static readonly IReadOnlyList<Material> All =
    [
        new("iron", "metal", false, true, true),
        new("copper", "metal", false, true, true),
        new("ice", "solid form of water", true, true, false),
        new("oak", "wood", true, false, false),
        new("cork", "bark", true, false, false),
        new("granite", "rock", false, false, false),
        new("wax", "fat", true, true, false),
        new("glass", "melted sand", false, true, false),
        new("gold", "metal", false, true, true),
        new("pumice", "rock full of holes", true, false, false),
    ];
}
