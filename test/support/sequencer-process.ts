import { HistorySequencer } from '../../src/history/history.sequencer.js';
import { openDatabase } from '../../src/platform/database.js';
import { SEALING } from './sealing.js';

/** A process that runs a sequencer until it is killed; prints each failure of a session. */
const url = process.argv[2];
if (url === undefined) throw new Error('usage: sequencer-process DATABASE_URL');
const database = await openDatabase({ url, entities: [], applicationName: 'assay-sequencer-process', poolSize: 1 });
new HistorySequencer(database, SEALING, {
  onFailure: (error) => {
    console.log(String(error));
  },
}).start();
