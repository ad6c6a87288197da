using Orchestrator.Samples.TextGenerator.World;

namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>The model is a shopkeeper: a greeting, then the price of a number of goods.</summary>
internal static class RoleplayTask
{
    public static Conversation Draw(SeededStream stream)
    {
        var (shop, town, guest) = (stream.Pick(Shop.All), stream.Pick(Town.All), stream.Pick(Person.Names));
        var opening = stream.Pick<string>(["Imagine you are", "Pretend to be", "You are"]);
        var (goods, price) = stream.Chance(0.5) ? (shop.First, shop.FirstPrice) : (shop.Second, shop.SecondPrice);
        return new Conversation(
            "roleplay",
            [
                $"{opening} the {shop.Keeper} of {town.Name}. Greet {guest}.",
                stream.Chance(0.5) ? $"What does the {goods} cost?" : $"How much is the {goods}?",
            ],
            [
                $"Good morning, {guest}! I am the {shop.Keeper} of {town.Name}. Today I sell {Phrases.Article(shop.First)} and "
                    + $"{Phrases.Article(shop.Second)}. What would you like?",
                $"The {goods} costs {price} {(price == 1 ? "coin" : "coins")}, {guest}. It is the best {goods} in {town.Name}.",
            ]);
    }
}
