/** A name that people can tell apart and remember: `patient-otter-417`. @param chance uniform in [0, 1). */
export function randomName(chance: () => number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(chance() * list.length)]!;
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${Math.floor(chance() * 1000)}`;
}

const ADJECTIVES: readonly string[] = (
  "able agile amber ample apt ardent bold brave breezy bright brisk calm candid careful cheery civil clear clever cosy crisp " +
  "curious dapper daring deft eager earnest easy elegant fair fleet fond frank fresh friendly gentle glad golden good grand happy " +
  "hardy hearty honest humble jolly keen kind lively loyal lucid lucky mellow merry mild modest neat nimble noble open patient " +
  "plucky polite prompt proud quick quiet ready robust rosy rustic serene sharp shiny silent silver simple sincere smart smooth " +
  "snug sober solid spry stable steady stout sturdy subtle sunny sure swift tender tidy trusty upbeat valiant vivid warm wise witty"
).split(" ");

const NOUNS: readonly string[] = (
  "adder alpaca badger beaver bison bittern bobcat buzzard camel caribou cheetah condor coyote crane cricket curlew dingo dipper " +
  "dormouse dove egret eland ermine falcon ferret finch gannet gecko gibbon godwit grebe grouse gull hare heron hoopoe ibex ibis " +
  "impala jackal jay kestrel kiwi koala kudu lark lemur linnet lion lizard llama loris lynx magpie marmot marten merlin mink moose " +
  "newt nuthatch ocelot okapi oriole osprey otter panda petrel pika pipit plover puffin puma quail rabbit raven robin saiga serval " +
  "shrew siskin skylark snipe starling stoat stork swallow swift tapir teal tern thrush toucan turtle viper vole wagtail weasel " +
  "wigeon wombat wren yak zebra"
).split(" ");
