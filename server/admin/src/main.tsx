import './design/design.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { concerns } from './app/concerns';
import { vendorConcerns } from './app/vendor';
import { loadBrand } from './appearance/load';
import { loadLanguage } from './language/languages';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with id root');
const made = createRoot(root);
void Promise.all([vendorConcerns(), loadBrand(), loadLanguage()]).then(([more, brand, language]) => made.render(<App concerns={[...concerns, ...more]} brand={brand} language={language} />));
